// digits_cnn: a convolutional network for 8x8 pixels, in integers of 8 bits.
//
//   classify(x, weights, biases, shift, out)
//       x         array('b'), 64 pixels, row by row
//       weights   array('b'), 9 of each of 8 filters, then 72 of each class
//       biases    array('i'), of the filters, then of the classes
//       shift     how far the filters' sums are shifted down before they are limited to 0..127
//       out       array('i'), a score a class
//
// Filters of 3x3 without a border, ReLU, the greatest of each 2x2 places, a dense layer. Nothing is
// allocated. A bias that is too great for 32 bits wraps.

#include "py/dynruntime.h"

#define SIDE (8)
#define FILTERS (8)
#define POOLED (3)
#define FEATURES (POOLED * POOLED * FILTERS)

static void *items(mp_obj_t obj, mp_uint_t access, char typecode, size_t size, size_t *n) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(obj, &info, access);
    if (info.typecode != typecode) {
        mp_raise_TypeError(MP_ERROR_TEXT("array of another type expected"));
    }
    *n = info.len / size;
    return info.buf;
}

// The sum of a filter over the patch whose first pixel is x[0].
static int32_t patch(const int8_t *x, const int8_t *w) {
    int32_t total = 0;
    for (size_t row = 0; row < 3; row++, x += SIDE, w += 3) {
        total += x[0] * w[0] + x[1] * w[1] + x[2] * w[2];
    }
    return total;
}

static int32_t greater(int32_t a, int32_t b) {
    return a < b ? b : a;
}

static int32_t plus(int32_t a, int32_t b) {
    return (int32_t)((uint32_t)a + (uint32_t)b); // it may wrap
}

static void convolve(const int8_t *x, const int8_t *weights, const int32_t *biases, mp_int_t shift,
    int8_t *features) {
    for (size_t row = 0; row < 2 * POOLED; row += 2) {
        for (size_t column = 0; column < 2 * POOLED; column += 2) {
            const int8_t *corner = x + row * SIDE + column;
            for (size_t k = 0; k < FILTERS; k++) {
                const int8_t *w = weights + 9 * k;
                const int32_t above = greater(patch(corner, w), patch(corner + 1, w));
                const int32_t below = greater(patch(corner + SIDE, w), patch(corner + SIDE + 1, w));
                // The greatest of what is limited is the greatest, limited.
                const int32_t most = plus(greater(above, below), biases[k]) >> shift;
                *features++ = most < 0 ? 0 : most > 127 ? 127 : most;
            }
        }
    }
}

static mp_obj_t classify(size_t n_args, const mp_obj_t *args) {
    size_t pixels, of_weights, of_biases, classes;
    const int8_t *x = items(args[0], MP_BUFFER_READ, 'b', 1, &pixels);
    const int8_t *weights = items(args[1], MP_BUFFER_READ, 'b', 1, &of_weights);
    const int32_t *biases = items(args[2], MP_BUFFER_READ, 'i', 4, &of_biases);
    const mp_int_t shift = mp_obj_get_int(args[3]);
    int32_t *out = items(args[4], MP_BUFFER_WRITE, 'i', 4, &classes);
    if (pixels != SIDE * SIDE || classes == 0 || of_weights != 9 * FILTERS + classes * FEATURES
        || of_biases != FILTERS + classes || shift < 0 || shift > 31) {
        mp_raise_ValueError(MP_ERROR_TEXT("x, weights, biases, shift and out do not fit each other"));
    }
    int8_t features[FEATURES];
    convolve(x, weights, biases, shift, features);
    weights += 9 * FILTERS;
    for (size_t k = 0; k < classes; k++) {
        int32_t total = 0;
        for (size_t i = 0; i < FEATURES; i++) {
            total += features[i] * *weights++;
        }
        out[k] = plus(total, biases[FILTERS + k]);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(classify_obj, 5, 5, classify);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY

    mp_store_global(MP_QSTR_classify, MP_OBJ_FROM_PTR(&classify_obj));

    MP_DYNRUNTIME_INIT_EXIT
}
