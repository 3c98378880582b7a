// board_memory.c of all boards, with two functions that are other ones on RISC-V. There GCC saves what a call destroys
// before the mark at which counting pauses, so that a program that is measured or checked would be more instructions
// than one that is not. Here that is done behind the mark.

#define __wrap_gc_realloc realloc_of_others // nobody calls these, so the linker leaves them out
#define __wrap_gc_free free_of_others
#include COMMON_BOARD_MEMORY
#undef __wrap_gc_realloc
#undef __wrap_gc_free

// Code that calls a function which is not counted; the argument is in a0, where the result is, too. The registers that it may
// destroy otherwise are MAY_CHANGE and a3: where it is used, they hold nothing.
#define CALL_NOT_COUNTED(function, then) \
    MARK_PAUSE "\n" \
    "addi sp, sp, -16\n" \
    "sw ra, 12(sp)\n" \
    "sw a1, 8(sp)\n" \
    "sw a2, 4(sp)\n" \
    "call " function "\n" \
    "lw ra, 12(sp)\n" \
    "lw a1, 8(sp)\n" \
    "lw a2, 4(sp)\n" \
    "addi sp, sp, 16\n" \
    then "\n" \
    MARK_RESUME
#define MAY_CHANGE "a4", "a5", "a6", "a7", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "memory"

void *__wrap_gc_realloc(void *old, size_t bytes, bool may_move) {
    register size_t before __asm("a3") = 0;
    __asm volatile ("nop" : "+r" (before));
    if (IS_ON) {
        register void *first __asm("a0") = old;
        __asm volatile (CALL_NOT_COUNTED("%2", "mv a3, a0") : "+r" (before), "+r" (first) : "i" (moving) : MAY_CHANGE);
    }
    size_t kept = before;
    void *new = __real_gc_realloc(old, bytes, may_move);
    if (IS_ON) {
        NOT_COUNTED_FROM_HERE();
        moved(old, new, bytes, kept);
        COUNTED_FROM_HERE();
    }
    return new;
}

void __wrap_gc_free(void *old) {
    register void *first __asm("a0") = old;
    if (IS_ON) {
        __asm volatile (CALL_NOT_COUNTED("%1", "") : "+r" (first) : "i" (freeing) : "a3", MAY_CHANGE);
    }
    __real_gc_free(first);
}
