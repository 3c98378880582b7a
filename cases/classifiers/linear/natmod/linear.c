// linear: bias and weighted features, in integers.
//
//   linear(x, weights, biases, out)
//       x         array('h'), features
//       weights   array('h'), a row of as many for each output
//       biases    array('i'), one for each output
//       out       array('i'), bias and products of each row, added up
//
// Nothing is allocated. A sum that is too great for 32 bits wraps.

#include "py/dynruntime.h"

typedef struct {
    void *items;
    size_t n;
} array_t;

static array_t array(mp_obj_t obj, mp_uint_t access, char typecode, size_t size) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(obj, &info, access);
    if (info.typecode != typecode) {
        mp_raise_TypeError(MP_ERROR_TEXT("array of another type expected"));
    }
    return (array_t) {info.buf, info.len / size};
}

static void check(bool fits) {
    if (!fits) {
        mp_raise_ValueError(MP_ERROR_TEXT("arrays do not fit each other"));
    }
}

static mp_obj_t linear(size_t n_args, const mp_obj_t *args) {
    const array_t x = array(args[0], MP_BUFFER_READ, 'h', 2), weights = array(args[1], MP_BUFFER_READ, 'h', 2);
    const array_t biases = array(args[2], MP_BUFFER_READ, 'i', 4), out = array(args[3], MP_BUFFER_WRITE, 'i', 4);
    check(biases.n == out.n && weights.n == x.n * out.n);
    const int16_t *values = x.items, *weight = weights.items;
    for (size_t k = 0; k < out.n; k++) {
        uint32_t total = ((const uint32_t *)biases.items)[k];
        for (size_t i = 0; i < x.n; i++) {
            total += (uint32_t)(values[i] * *weight++);
        }
        ((uint32_t *)out.items)[k] = total;
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(linear_obj, 4, 4, linear);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY

    mp_store_global(MP_QSTR_linear, MP_OBJ_FROM_PTR(&linear_obj));

    MP_DYNRUNTIME_INIT_EXIT
}
