// digits_cnn: a convolutional network for 8x8 pixels, in integers of 8 bits and in floats.
//
//   classify(x, weights, biases, shift, out)
//       x         array('b'), 64 pixels, row by row
//       weights   array('b'), 9 of each of 8 filters, then 72 of each class
//       biases    array('i'), of the filters, then of the classes
//       shift     how far the filters' sums are shifted down before they are limited to 0..127
//       out       array('i'), a score a class
//   classify_float(x, weights, biases, out)
//       the same with array('f') everywhere, without a shift
//
// Filters of 3x3 without a border, ReLU, the greatest of each 2x2 places, a dense layer. Nothing is
// allocated. A bias that is too great for 32 bits wraps.

#include "py/dynruntime.h"

#define SIDE (8)
#define FILTERS (8)
#define POOLED (3)
#define FEATURES (POOLED * POOLED * FILTERS)

static int32_t plus(int32_t a, int32_t b) {
    return (int32_t)((uint32_t)a + (uint32_t)b); // it may wrap
}

static int8_t limited(int32_t sum, int32_t bias, mp_int_t shift) {
    const int32_t value = plus(sum, bias) >> shift;
    return value < 0 ? 0 : value > 127 ? 127 : value;
}

#define VALUE int8_t
#define SUM int32_t
#define NAMED(name) name##_int8
#define FINISH(sum, bias, shift) limited(sum, bias, shift)
#define PLUS(a, b) plus(a, b)
#include "layers.h"

static float not_negative(float value) {
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

static bool fit(size_t pixels, size_t of_weights, size_t of_biases, size_t classes) {
    return pixels == SIDE * SIDE && classes > 0 && of_weights == 9 * FILTERS + classes * FEATURES
           && of_biases == FILTERS + classes;
}

static mp_obj_t classify(size_t n_args, const mp_obj_t *args) {
    size_t pixels, of_weights, of_biases, classes;
    const int8_t *x = items(args[0], MP_BUFFER_READ, 'b', 1, &pixels);
    const int8_t *weights = items(args[1], MP_BUFFER_READ, 'b', 1, &of_weights);
    const int32_t *biases = items(args[2], MP_BUFFER_READ, 'i', 4, &of_biases);
    const mp_int_t shift = mp_obj_get_int(args[3]);
    int32_t *out = items(args[4], MP_BUFFER_WRITE, 'i', 4, &classes);
    if (!fit(pixels, of_weights, of_biases, classes) || shift < 0 || shift > 31) {
        mp_raise_ValueError(MP_ERROR_TEXT("x, weights, biases, shift and out do not fit each other"));
    }
    network_int8(x, weights, biases, shift, out, classes);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(classify_obj, 5, 5, classify);

static mp_obj_t classify_float(size_t n_args, const mp_obj_t *args) {
    size_t pixels, of_weights, of_biases, classes;
    const float *x = items(args[0], MP_BUFFER_READ, 'f', 4, &pixels);
    const float *weights = items(args[1], MP_BUFFER_READ, 'f', 4, &of_weights);
    const float *biases = items(args[2], MP_BUFFER_READ, 'f', 4, &of_biases);
    float *out = items(args[3], MP_BUFFER_WRITE, 'f', 4, &classes);
    if (!fit(pixels, of_weights, of_biases, classes)) {
        mp_raise_ValueError(MP_ERROR_TEXT("x, weights, biases and out do not fit each other"));
    }
    network_float(x, weights, biases, 0, out, classes);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(classify_float_obj, 4, 4, classify_float);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY

    mp_store_global(MP_QSTR_classify, MP_OBJ_FROM_PTR(&classify_obj));
    mp_store_global(MP_QSTR_classify_float, MP_OBJ_FROM_PTR(&classify_float_obj));

    MP_DYNRUNTIME_INIT_EXIT
}
