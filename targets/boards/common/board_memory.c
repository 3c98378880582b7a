// What the program takes of heap and stack, for the harness (mpy_harness/board/allocations.py). The linker puts the
// functions here between those that allocate and all their callers (ld, --wrap). Of it, only
// the call more by which callers reach the collector, and the question whether to measure, are counted as instructions.

#include "py/gc.h"
#include "py/mpstate.h"

#include "board.h"

board_memory_t board_memory;

// What the stack is filled with where nothing uses it.
#define PAINT 0xc5c5c5c5

// Asked outside of what is not counted: where nothing is measured, there is nothing that waits to be left out, and that
// is what an emulator is slow at. The path on which something is measured is the straight one, so that both take the
// same number of counted instructions.
#define IS_ON __builtin_expect(board_memory.on != 0, 1)

#define IS_WATCHING (board_memory.state == BOARD_MEMORY_WATCHING)

// Bytes of whole blocks: what the heap has less then.
static size_t in_blocks(size_t bytes) {
    return (bytes + MICROPY_BYTES_PER_GC_BLOCK - 1) / MICROPY_BYTES_PER_GC_BLOCK * MICROPY_BYTES_PER_GC_BLOCK;
}

static void took(size_t bytes) {
    board_memory.used += bytes;
    if (board_memory.skip > 0) { // what it takes to call the program is not the program's
        --board_memory.skip;
        board_memory.start = board_memory.peak = board_memory.used;
        return;
    }
    ++board_memory.allocations;
    board_memory.allocated += bytes;
    if (board_memory.used > board_memory.peak) {
        board_memory.peak = board_memory.used;
    }
}

// The deepest word that is painted no more tells how deep the stack got since it was painted last.
static void measure_stack(void) {
    const volatile uint32_t *word = &_sstack;
    while (word < &_estack && *word == PAINT) {
        ++word;
    }
    uint32_t depth = (uintptr_t)&_estack - (uintptr_t)word;
    if (depth > board_memory.stack) {
        board_memory.stack = depth;
    }
}

void *__real_gc_alloc(size_t bytes, unsigned int flags);
void *__real_gc_realloc(void *old, size_t bytes, bool may_move);
void __real_gc_free(void *old);

// What is not counted is in functions of its own, so that it changes neither the instructions nor the stack of these.

static __attribute__((noinline)) void allocated(void *new, size_t bytes) {
    if (board_ring(BOARD_ALLOCATED, (uintptr_t)new, bytes, 0)) {
        gc_collect(); // which finds `new` in a register or on the stack
    }
    if (IS_WATCHING && new != NULL) {
        took(in_blocks(bytes));
    } else if (board_memory.state == BOARD_MEMORY_END) {
        measure_stack();
        board_memory.state = BOARD_MEMORY_OFF;
    }
}

static __attribute__((noinline)) size_t moving(void *old) {
    board_ring(BOARD_MOVING, (uintptr_t)old, 0, 0);
    return IS_WATCHING && old != NULL ? gc_nbytes(old) : 0;
}

static __attribute__((noinline)) void moved(void *old, void *new, size_t bytes, size_t before) {
    if (board_ring(BOARD_MOVED, (uintptr_t)old, (uintptr_t)new, bytes)) {
        gc_collect();
    }
    if (!IS_WATCHING) {
        return;
    }
    size_t after = in_blocks(bytes);
    if (new == NULL) {
        board_memory.used -= bytes == 0 ? before : 0;
    } else if (new != old) {
        took(after);
        board_memory.used -= before;
    } else if (after > before) {
        took(after - before);
    } else {
        board_memory.used -= before - after;
    }
}

// Returns what is to be freed.
static __attribute__((noinline)) void *freeing(void *old) {
    if (old != NULL && MP_STATE_THREAD(gc_lock_depth) == 0) {
        board_memory.used -= IS_WATCHING ? gc_nbytes(old) : 0;
        return board_ring(BOARD_FREEING, (uintptr_t)old, 0, 0) ? NULL : old;
    }
    return old;
}

void *__wrap_gc_alloc(size_t bytes, unsigned int flags) {
    void *new = __real_gc_alloc(bytes, flags);
    if (IS_ON) {
        NOT_COUNTED_FROM_HERE();
        allocated(new, bytes);
        COUNTED_FROM_HERE();
    }
    return new;
}

void *__wrap_gc_realloc(void *old, size_t bytes, bool may_move) {
    size_t before = 0;
    __asm volatile ("nop" : "+r" (before)); // now, whether it is wanted or not; with the one instruction it always took
    if (IS_ON) {
        NOT_COUNTED_FROM_HERE();
        before = moving(old);
        COUNTED_FROM_HERE();
    }
    void *new = __real_gc_realloc(old, bytes, may_move);
    if (IS_ON) {
        NOT_COUNTED_FROM_HERE();
        moved(old, new, bytes, before);
        COUNTED_FROM_HERE();
    }
    return new;
}

void __wrap_gc_free(void *old) {
    if (IS_ON) {
        NOT_COUNTED_FROM_HERE();
        old = freeing(old);
        COUNTED_FROM_HERE();
    }
    __real_gc_free(old);
}

// Looks through the collector's table, two bits for each block, in words of 16 blocks.
static void measure_heap(void) {
    const uint32_t *table = (const uint32_t *)MP_STATE_MEM(area.gc_alloc_table_start);
    size_t words = MP_STATE_MEM(area.gc_alloc_table_byte_len) / sizeof(*table);
    const uint8_t *rest = (const uint8_t *)(table + words);
    size_t bits = 2 * 16, free = 0, largest = 0, used = 0;
    for (size_t at = 0; at < words + 1; ++at) {
        uint32_t blocks = 0;
        if (at < words) {
            blocks = table[at];
        } else {
            bits = MP_STATE_MEM(area.gc_alloc_table_byte_len) % sizeof(*table) * 8;
            for (size_t byte = 0; byte < bits / 8; ++byte) {
                blocks |= (uint32_t)rest[byte] << 8 * byte;
            }
        }
        if (blocks == 0) {
            free += bits / 2;
            continue;
        }
        for (size_t bit = 0; bit < bits; bit += 2) {
            if (blocks >> bit & 3) {
                largest = MAX(largest, free);
                free = 0;
                ++used;
            } else {
                ++free;
            }
        }
    }
    board_memory.used = used * MICROPY_BYTES_PER_GC_BLOCK;
    board_memory.largest_free = MAX(largest, free) * MICROPY_BYTES_PER_GC_BLOCK;
}

__attribute__((noipa)) void board_paint_stack(void) {
    uint32_t *top = core_stack_pointer(); // no call from here: all below it is free
    for (volatile uint32_t *word = &_sstack; word < top; ++word) {
        *word = PAINT;
    }
}

void board_before_collection(void) {
    NOT_COUNTED_FROM_HERE();
    if (IS_WATCHING) {
        measure_stack();
    }
    COUNTED_FROM_HERE();
}

void board_after_collection(void) {
    NOT_COUNTED_FROM_HERE();
    if (board_memory.state != BOARD_MEMORY_OFF) {
        measure_heap();
    }
    if (IS_WATCHING) {
        measure_stack();
    } else if (board_memory.state == BOARD_MEMORY_BEGIN) {
        board_memory.allocations = board_memory.allocated = board_memory.stack = 0;
        board_memory.start = board_memory.peak = board_memory.used;
        board_memory.state = BOARD_MEMORY_WATCHING;
    } else {
        board_memory.state = BOARD_MEMORY_OFF;
    }
    board_ring(BOARD_COLLECTED, 0, 0, 0);
    COUNTED_FROM_HERE();
}
