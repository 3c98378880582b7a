// A native module for x86-64. Each function does one thing that a native module must not do.
#include "py/dynruntime.h"

static mp_obj_t write_to(mp_obj_t to) {
    *(volatile int *)mp_obj_get_int_truncated(to) = 1;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(write_to_obj, write_to);

static mp_obj_t read_from(mp_obj_t from) {
    return mp_obj_new_int(*(volatile int *)mp_obj_get_int_truncated(from));
}
static MP_DEFINE_CONST_FUN_OBJ_1(read_from_obj, read_from);

static mp_obj_t undefined(void) {
    __asm volatile ("ud2");
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_0(undefined_obj, undefined);

static mp_obj_t divide(mp_obj_t by) {
    return mp_obj_new_int(1000 / mp_obj_get_int(by));
}
static MP_DEFINE_CONST_FUN_OBJ_1(divide_obj, divide);

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

static mp_obj_t spin(void) {
    for (volatile int on = 1; on;) {
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_0(spin_obj, spin);

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

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    mp_store_global(MP_QSTR_write_to, MP_OBJ_FROM_PTR(&write_to_obj));
    mp_store_global(MP_QSTR_read_from, MP_OBJ_FROM_PTR(&read_from_obj));
    mp_store_global(MP_QSTR_undefined, MP_OBJ_FROM_PTR(&undefined_obj));
    mp_store_global(MP_QSTR_divide, MP_OBJ_FROM_PTR(&divide_obj));
    mp_store_global(MP_QSTR_jump, MP_OBJ_FROM_PTR(&jump_obj));
    mp_store_global(MP_QSTR_recurse, MP_OBJ_FROM_PTR(&recurse_obj));
    mp_store_global(MP_QSTR_spin, MP_OBJ_FROM_PTR(&spin_obj));
    mp_store_global(MP_QSTR_ask_linux, MP_OBJ_FROM_PTR(&ask_linux_obj));
    mp_store_global(MP_QSTR_copy_from, MP_OBJ_FROM_PTR(&copy_from_obj));
    mp_store_global(MP_QSTR_variable, mp_obj_new_int_from_uint((uintptr_t)room));
    mp_store_global(MP_QSTR_code, mp_obj_new_int_from_uint((uintptr_t)divide));
    MP_DYNRUNTIME_INIT_EXIT
}
