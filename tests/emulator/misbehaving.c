// A native module for every core. Each function does one thing that a native module must not do.
#include "py/dynruntime.h"

#if __arm__
#define UNDEFINED "udf #0"
#define MASK_INTERRUPTS "cpsid i"
#elif __riscv
#define UNDEFINED "unimp"
#define MASK_INTERRUPTS ".word 0x30047073" // csrci mstatus, 8: not every assembler knows it for this architecture
#elif __x86_64__
#define UNDEFINED "ud2"
#endif
#define IS_MAINLINE (__ARM_ARCH_ISA_THUMB >= 2) // of the Cortex-M, all but the M0

static mp_obj_t write(mp_obj_t to) {
    *(volatile int *)mp_obj_get_int_truncated(to) = 1;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(write_obj, write);

static mp_obj_t read(mp_obj_t from) {
    return mp_obj_new_int(*(volatile int *)mp_obj_get_int_truncated(from));
}
static MP_DEFINE_CONST_FUN_OBJ_1(read_obj, read);

static mp_obj_t undefined(void) {
    __asm volatile (UNDEFINED);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_0(undefined_obj, undefined);

#if IS_MAINLINE
// A fault where none can be handled any more.
static mp_obj_t lock_up(void) {
    __asm volatile ("cpsid f");
    return undefined();
}
static MP_DEFINE_CONST_FUN_OBJ_0(lock_up_obj, lock_up);
#endif

#if IS_MAINLINE || __x86_64__
static mp_obj_t divide(mp_obj_t by) {
    return mp_obj_new_int(1000 / mp_obj_get_int(by));
}
static MP_DEFINE_CONST_FUN_OBJ_1(divide_obj, divide);
#endif

static mp_obj_t jump(mp_obj_t to) {
    ((void (*)(void))mp_obj_get_int(to))();
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(jump_obj, jump);

static __attribute__((noinline)) int deeper(volatile int *from) {
    volatile int room[64];
    room[0] = *from + 1;
    return room[0] ? deeper(room) + room[0] : 0;
}

static mp_obj_t recurse(void) {
    volatile int zero = 0;
    return mp_obj_new_int(deeper(&zero));
}
static MP_DEFINE_CONST_FUN_OBJ_0(recurse_obj, recurse);

static mp_obj_t print_from(mp_obj_t address) {
    mp_printf(&mp_plat_print, "%s", (const char *)mp_obj_get_int_truncated(address));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(print_from_obj, print_from);

static mp_obj_t spin(void) {
    for (volatile int on = 1; on;) {
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_0(spin_obj, spin);

#ifdef MASK_INTERRUPTS
static mp_obj_t spin_deaf(void) {
    __asm volatile (MASK_INTERRUPTS);
    return spin();
}
static MP_DEFINE_CONST_FUN_OBJ_0(spin_deaf_obj, spin_deaf);
#endif

static mp_obj_t chatter(void) {
    for (volatile int more = 1; more;) {
        mp_printf(&mp_plat_print, "again and again\n");
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_0(chatter_obj, chatter);

#if __arm__
// Arm's semihosting: SYS_OPEN of a name, for writing.
static mp_obj_t host_open(mp_obj_t name) {
    size_t length;
    const char *text = mp_obj_str_get_data(name, &length);
    unsigned block[3] = {(unsigned)text, 4, length};
    register unsigned r0 __asm("r0") = 1;
    register void *r1 __asm("r1") = block;
    __asm volatile ("bkpt 0xab" : "+r" (r0) : "r" (r1) : "memory");
    return mp_obj_new_int(r0);
}
static MP_DEFINE_CONST_FUN_OBJ_1(host_open_obj, host_open);
#endif

#if __x86_64__
// A system call of Linux: its number and up to two arguments.
static mp_obj_t ask_linux(mp_obj_t number, mp_obj_t first, mp_obj_t second) {
    long answer;
    __asm volatile ("syscall"
        : "=a" (answer)
        : "a" (mp_obj_get_int(number)), "D" (mp_obj_get_int(first)), "S" (mp_obj_get_int(second)), "d" (0)
        : "rcx", "r11", "memory");
    return mp_obj_new_int(answer);
}
static MP_DEFINE_CONST_FUN_OBJ_3(ask_linux_obj, ask_linux);

uint64_t room[4];

static mp_obj_t copy_from(mp_obj_t from, mp_obj_t size) {
    mp_obj_t copy = mp_obj_new_bytes((const byte *)mp_obj_get_int_truncated(from), mp_obj_get_int(size));
    ++room[0]; // so that the call above is none that does not come back
    return copy;
}
static MP_DEFINE_CONST_FUN_OBJ_2(copy_from_obj, copy_from);
#endif

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    mp_store_global(MP_QSTR_write, MP_OBJ_FROM_PTR(&write_obj));
    mp_store_global(MP_QSTR_read, MP_OBJ_FROM_PTR(&read_obj));
    mp_store_global(MP_QSTR_undefined, MP_OBJ_FROM_PTR(&undefined_obj));
    #if IS_MAINLINE
    mp_store_global(MP_QSTR_lock_up, MP_OBJ_FROM_PTR(&lock_up_obj));
    #endif
    #if IS_MAINLINE || __x86_64__
    mp_store_global(MP_QSTR_divide, MP_OBJ_FROM_PTR(&divide_obj));
    #endif
    mp_store_global(MP_QSTR_jump, MP_OBJ_FROM_PTR(&jump_obj));
    mp_store_global(MP_QSTR_recurse, MP_OBJ_FROM_PTR(&recurse_obj));
    mp_store_global(MP_QSTR_print_from, MP_OBJ_FROM_PTR(&print_from_obj));
    mp_store_global(MP_QSTR_spin, MP_OBJ_FROM_PTR(&spin_obj));
    #ifdef MASK_INTERRUPTS
    mp_store_global(MP_QSTR_spin_deaf, MP_OBJ_FROM_PTR(&spin_deaf_obj));
    #endif
    mp_store_global(MP_QSTR_chatter, MP_OBJ_FROM_PTR(&chatter_obj));
    #if __arm__
    mp_store_global(MP_QSTR_host_open, MP_OBJ_FROM_PTR(&host_open_obj));
    #endif
    #if __x86_64__
    mp_store_global(MP_QSTR_ask_linux, MP_OBJ_FROM_PTR(&ask_linux_obj));
    mp_store_global(MP_QSTR_copy_from, MP_OBJ_FROM_PTR(&copy_from_obj));
    mp_store_global(MP_QSTR_variable, mp_obj_new_int_from_uint((uintptr_t)room));
    mp_store_global(MP_QSTR_code, mp_obj_new_int_from_uint((uintptr_t)divide));
    #endif
    MP_DYNRUNTIME_INIT_EXIT
}
