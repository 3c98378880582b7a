// What the firmware does for the module: memset, memcpy, memmove of its table.
#include "planted.h"

//! clear, overrun: clear(array("f", range(10)))
static mp_obj_t clear(mp_obj_t data_in) {
    size_t n;
    float *x = items(data_in, 4, &n);
    memset(x, 0, PLANTED((n + 1) * sizeof(float), n * sizeof(float))); // HERE
    return mp_const_none;
}
EXPORT_1(clear);

//! clear_whole_blocks, overrun: clear_whole_blocks(*pair("B", 64))
static mp_obj_t clear_whole_blocks(mp_obj_t first_in, mp_obj_t second_in) { // into another array
    size_t n, m;
    uint8_t *x = items(first_in, 1, &n), *y = items(second_in, 1, &m);
    memset(x < y ? x : y, 1, n + PLANTED(4, 0)); // HERE
    return mp_const_none;
}
EXPORT_2(clear_whole_blocks);

//! duplicate, overrun: duplicate(array("h", range(9)))
static mp_obj_t duplicate(mp_obj_t data_in) { // read
    size_t n;
    int16_t *x = items(data_in, 2, &n);
    int16_t *y = m_new(int16_t, 2 * n);
    memcpy(y, x, n * PLANTED(4, 2)); // HERE
    return mp_obj_new_int(y[1]);
}
EXPORT_1(duplicate);

//! append, overrun: append(array("i", range(9)))
static mp_obj_t append(mp_obj_t data_in) { // written
    size_t n;
    int32_t *x = items(data_in, 4, &n);
    int32_t *y = m_new(int32_t, n + PLANTED(0, 1));
    y[0] = -1;
    memcpy(y + 1, x, n * sizeof(int32_t)); // HERE
    return mp_obj_new_int(y[1]);
}
EXPORT_1(append);

//! shift_left, overrun: shift_left(bytearray(range(21)))
static mp_obj_t shift_left(mp_obj_t data_in) {
    size_t n;
    uint8_t *x = items(data_in, 1, &n);
    memmove(x, x + 1, n - PLANTED(0, 1)); // HERE
    return mp_const_none;
}
EXPORT_1(shift_left);

//! shift_right, overrun: shift_right(bytearray(range(21)))
static mp_obj_t shift_right(mp_obj_t data_in) {
    size_t n;
    uint8_t *x = items(data_in, 1, &n);
    memmove(x + 1, x, n - PLANTED(0, 1)); // HERE
    return mp_const_none;
}
EXPORT_1(shift_right);

static __attribute__((noinline)) void move_up(int32_t *x, size_t n) { // its end is a jump to memmove()
    memmove(x + 1, x, (n - PLANTED(0, 1)) * sizeof(int32_t)); // HERE
}

//! move_up, overrun: push_front(array("i", range(9)))
static mp_obj_t push_front(mp_obj_t data_in) {
    size_t n;
    int32_t *x = items(data_in, 4, &n);
    move_up(x, n);
    return mp_const_none;
}
EXPORT_1(push_front);

//! shift_before, underrun: shift_before(array("i", range(10)))
static mp_obj_t shift_before(mp_obj_t data_in) {
    size_t n;
    int32_t *x = items(data_in, 4, &n);
    memmove(x - PLANTED(1, 0), x, (n - 1) * sizeof(int32_t)); // HERE
    return mp_const_none;
}
EXPORT_1(shift_before);

//! clear_freed, use after free: clear_freed(10)
static mp_obj_t clear_freed(mp_obj_t count_in) {
    size_t n = (size_t)mp_obj_get_int(count_in);
    int64_t *x = m_new(int64_t, n);
    x[0] = 1;
    IF_PLANTED(m_del(int64_t, x, n);)
    memset(x, 0, n * sizeof(*x)); // HERE
    IF_MENDED(m_del(int64_t, x, n);)
    return mp_const_none;
}
EXPORT_1(clear_freed);

//! set_string, write to an object that is no buffer: set_string("hello" + str(1))
static mp_obj_t set_string(mp_obj_t text_in) {
    size_t n;
    const char *text = mp_obj_str_get_data(text_in, &n);
    char *copy = PLANTED((char *)text, m_new(char, n));
    memset(copy, 'x', n); // HERE
    return mp_obj_new_int(copy[0]);
}
EXPORT_1(set_string);

//! copy_structure, overrun: copy_structure(3)
static mp_obj_t copy_structure(mp_obj_t count_in) {
    typedef struct {
        int32_t values[20];
    } record_t;
    record_t *from = m_malloc(sizeof(record_t)), *to = m_malloc(sizeof(record_t) - PLANTED(8, 0));
    from->values[0] = (int32_t)mp_obj_get_int(count_in);
    *to = *from; // HERE
    return mp_obj_new_int(to->values[0]);
}
EXPORT_1(copy_structure);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    STORE(MP_QSTR_clear, clear);
    STORE(MP_QSTR_clear_whole_blocks, clear_whole_blocks);
    STORE(MP_QSTR_duplicate, duplicate);
    STORE(MP_QSTR_append, append);
    STORE(MP_QSTR_shift_left, shift_left);
    STORE(MP_QSTR_shift_right, shift_right);
    STORE(MP_QSTR_push_front, push_front);
    STORE(MP_QSTR_shift_before, shift_before);
    STORE(MP_QSTR_clear_freed, clear_freed);
    STORE(MP_QSTR_set_string, set_string);
    STORE(MP_QSTR_copy_structure, copy_structure);
    MP_DYNRUNTIME_INIT_EXIT
}
