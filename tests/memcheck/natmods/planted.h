// What the modules of the corpus share. A module is compiled twice: as it is, and with -DMENDED.
//
// Before each function stands a comment "//! NAME, WHAT: CALL", the fault's name and how Python calls the function. The line that
// does the access has "// HERE"; the mistake itself is where PLANTED(wrong, right) is.

#include "py/dynruntime.h"

#ifdef MENDED
#define PLANTED(wrong, right) (right)
#define IF_PLANTED(...)
#define IF_MENDED(...) __VA_ARGS__
#else
#define PLANTED(wrong, right) (wrong)
#define IF_PLANTED(...) __VA_ARGS__
#define IF_MENDED(...)
#endif

static inline void *items(mp_obj_t from, size_t size, size_t *count) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(from, &info, MP_BUFFER_READ);
    *count = info.len / size;
    return info.buf;
}

#define EXPORT_1(name) static MP_DEFINE_CONST_FUN_OBJ_1(name##_obj, name)
#define EXPORT_2(name) static MP_DEFINE_CONST_FUN_OBJ_2(name##_obj, name)
#define EXPORT_3(name) static MP_DEFINE_CONST_FUN_OBJ_3(name##_obj, name)
#define STORE(qstr, name) mp_store_global(qstr, MP_OBJ_FROM_PTR(&name##_obj))

// As in any native module: the firmware has these, and GCC calls them for loops and assignments as well.
void *memset(void *to, int value, size_t size) {
    return mp_fun_table.memset_(to, value, size);
}

void *memmove(void *to, const void *from, size_t size) {
    return mp_fun_table.memmove_(to, from, size);
}

void *memcpy(void *to, const void *from, size_t size) {
    return mp_fun_table.memmove_(to, from, size);
}
