// digits_28: a convolutional network for 28x28 pixels, in integers of 8 bits and in floats.
//
//   classify(x, weights, biases, shifts, out)
//       x         array('b'), 784 pixels, row by row
//       weights   array('b'), 9 of each of 4 filters, 36 of each of 8, then 200 of each class
//       biases    array('i'), of both layers' filters, then of the classes
//       shifts    array('i'), how far the sums of both layers are shifted down before they are limited to 0..127
//       out       array('i'), a score a class
//   classify_float(x, weights, biases, out)
//       the same with array('f') everywhere, without shifts
//
// Two layers of filters of 3x3 without a border, each with ReLU and the greatest of each 2x2 places, a dense layer.
// Nothing is allocated; classify takes 1 KB of the stack, classify_float 4 KB. A bias that is too great for 32 bits
// wraps.

#include "py/dynruntime.h"

#define SIDE (28)
#define FIRST (4)
#define SECOND (8)
#define POOLED ((SIDE - 2) / 2)
#define FIRST_PLACES (POOLED * POOLED)
#define FEATURES (((POOLED - 2) / 2) * ((POOLED - 2) / 2) * SECOND)
#define OF_FILTERS (9 * FIRST + 9 * FIRST * SECOND)

static inline int32_t plus(int32_t a, int32_t b) {
    return (int32_t)((uint32_t)a + (uint32_t)b); // it may wrap
}

static inline int8_t limited(int32_t sum, int32_t bias, mp_int_t shift) {
    const int32_t value = plus(sum, bias) >> shift;
    return value < 0 ? 0 : value > 127 ? 127 : value;
}

#define VALUE int8_t
#define SUM int32_t
#define NAMED(name) name##_int8
#define FINISH(sum, bias, shift) limited(sum, bias, shift)
#define PLUS(a, b) plus(a, b)
#include "layers.h"

static inline float not_negative(float value) {
    return value > 0.0f ? value : 0.0f;
}

#define VALUE float
#define SUM float
#define NAMED(name) name##_float
#define FINISH(sum, bias, shift) not_negative((sum) + (bias))
#define PLUS(a, b) ((a) + (b))
#include "layers.h"

static void *items(mp_obj_t obj, mp_uint_t access, char typecode, size_t size, size_t *n) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(obj, &info, access);
    if (info.typecode != typecode) {
        mp_raise_TypeError(MP_ERROR_TEXT("array of another type expected"));
    }
    *n = info.len / size;
    return info.buf;
}

static bool fit(size_t of_x, size_t of_weights, size_t of_biases, size_t classes) {
    return of_x == SIDE * SIDE && classes > 0 && of_weights == OF_FILTERS + classes * FEATURES
           && of_biases == FIRST + SECOND + classes;
}

static mp_obj_t classify(size_t n_args, const mp_obj_t *args) {
    size_t of_x, of_weights, of_biases, of_shifts, classes;
    const int8_t *x = items(args[0], MP_BUFFER_READ, 'b', 1, &of_x);
    const int8_t *weights = items(args[1], MP_BUFFER_READ, 'b', 1, &of_weights);
    const int32_t *biases = items(args[2], MP_BUFFER_READ, 'i', 4, &of_biases);
    const int32_t *given = items(args[3], MP_BUFFER_READ, 'i', 4, &of_shifts);
    int32_t *out = items(args[4], MP_BUFFER_WRITE, 'i', 4, &classes);
    // Without a sign, a negative shift is a large one.
    if (!fit(of_x, of_weights, of_biases, classes) || of_shifts != 2 || (uint32_t)given[0] > 31
        || (uint32_t)given[1] > 31) {
        mp_raise_ValueError(MP_ERROR_TEXT("x, weights, biases, shifts and out do not fit each other"));
    }
    const mp_int_t shifts[2] = {given[0], given[1]};
    network_int8(x, weights, biases, shifts, out, classes);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(classify_obj, 5, 5, classify);

static mp_obj_t classify_float(size_t n_args, const mp_obj_t *args) {
    size_t of_x, of_weights, of_biases, classes;
    const float *x = items(args[0], MP_BUFFER_READ, 'f', 4, &of_x);
    const float *weights = items(args[1], MP_BUFFER_READ, 'f', 4, &of_weights);
    const float *biases = items(args[2], MP_BUFFER_READ, 'f', 4, &of_biases);
    float *out = items(args[3], MP_BUFFER_WRITE, 'f', 4, &classes);
    if (!fit(of_x, of_weights, of_biases, classes)) {
        mp_raise_ValueError(MP_ERROR_TEXT("x, weights, biases and out do not fit each other"));
    }
    const mp_int_t none[2] = {0, 0};
    network_float(x, weights, biases, none, out, classes);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(classify_float_obj, 4, 4, classify_float);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY

    mp_store_global(MP_QSTR_classify, MP_OBJ_FROM_PTR(&classify_obj));
    mp_store_global(MP_QSTR_classify_float, MP_OBJ_FROM_PTR(&classify_float_obj));

    MP_DYNRUNTIME_INIT_EXIT
}
