// keyword: a convolutional network for 16 frames of 20 bands, in integers of 8 bits.
//
//   quantise(logs, scale, out)
//       logs      array('f'), and scale too: out is the nearest integer of (logs[i] - scale[0]) * scale[1]
//       out       array('b'), of the length of logs, limited to 8 bits
//   classify(x, weights, biases, shift, out)
//       x         array('b'), 320 features, frame by frame
//       weights   array('b'), 60 of each of 8 filters, then 56 of each class
//       biases    array('i'), of the filters, then of the classes
//       shift     how far the filters' sums are shifted down before they are limited to 0..127
//       out       array('i'), a score a class
//
// Filters over three frames, ReLU, the greater of each two places, a dense layer. Nothing is allocated. A bias that
// is too great for 32 bits wraps.

#include "py/dynruntime.h"

#define FRAMES (16)
#define BANDS (20)
#define FILTERS (8)
#define SEEN (3 * BANDS)
#define POOLED ((FRAMES - 2) / 2)
#define FEATURES (POOLED * FILTERS)

static void *items(mp_obj_t obj, mp_uint_t access, char typecode, size_t size, size_t *n) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(obj, &info, access);
    if (info.typecode != typecode) {
        mp_raise_TypeError(MP_ERROR_TEXT("array of another type expected"));
    }
    *n = info.len / size;
    return info.buf;
}

static mp_obj_t quantise(mp_obj_t logs_in, mp_obj_t scale_in, mp_obj_t out_in) {
    size_t n, two, of_out;
    const float *logs = items(logs_in, MP_BUFFER_READ, 'f', 4, &n);
    const float *scale = items(scale_in, MP_BUFFER_READ, 'f', 4, &two);
    int8_t *out = items(out_in, MP_BUFFER_WRITE, 'b', 1, &of_out);
    if (of_out != n || two != 2) {
        mp_raise_ValueError(MP_ERROR_TEXT("logs, scale and out do not fit each other"));
    }
    for (size_t i = 0; i < n; i++) {
        const float value = (logs[i] - scale[0]) * scale[1] + 128.5f;
        // Written so that NaN becomes the least.
        out[i] = (value > 0.0f ? value < 255.0f ? (int32_t)value : 255 : 0) - 128;
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_3(quantise_obj, quantise);

static int32_t product(const int8_t *x, const int8_t *w, size_t n) {
    int32_t total = 0;
    for (size_t i = 0; i < n; i++) {
        total += x[i] * w[i];
    }
    return total;
}

static int32_t plus(int32_t a, int32_t b) {
    return (int32_t)((uint32_t)a + (uint32_t)b); // it may wrap
}

static mp_obj_t classify(size_t n_args, const mp_obj_t *args) {
    size_t of_x, of_weights, of_biases, classes;
    const int8_t *x = items(args[0], MP_BUFFER_READ, 'b', 1, &of_x);
    const int8_t *weights = items(args[1], MP_BUFFER_READ, 'b', 1, &of_weights);
    const int32_t *biases = items(args[2], MP_BUFFER_READ, 'i', 4, &of_biases);
    const mp_int_t shift = mp_obj_get_int(args[3]);
    int32_t *out = items(args[4], MP_BUFFER_WRITE, 'i', 4, &classes);
    if (of_x != FRAMES * BANDS || classes == 0 || of_weights != SEEN * FILTERS + classes * FEATURES
        || of_biases != FILTERS + classes || shift < 0 || shift > 31) {
        mp_raise_ValueError(MP_ERROR_TEXT("x, weights, biases, shift and out do not fit each other"));
    }
    int8_t features[FEATURES], *to = features;
    for (size_t place = 0; place < POOLED; place++, x += 2 * BANDS) {
        for (size_t k = 0; k < FILTERS; k++) {
            const int8_t *w = weights + SEEN * k;
            const int32_t one = product(x, w, SEEN), other = product(x + BANDS, w, SEEN);
            // The greater of what is limited is the greater, limited.
            const int32_t most = plus(one > other ? one : other, biases[k]) >> shift;
            *to++ = most < 0 ? 0 : most > 127 ? 127 : most;
        }
    }
    weights += SEEN * FILTERS;
    for (size_t k = 0; k < classes; k++) {
        out[k] = plus(product(features, weights + k * FEATURES, FEATURES), biases[FILTERS + k]);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(classify_obj, 5, 5, classify);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY

    mp_store_global(MP_QSTR_quantise, MP_OBJ_FROM_PTR(&quantise_obj));
    mp_store_global(MP_QSTR_classify, MP_OBJ_FROM_PTR(&classify_obj));

    MP_DYNRUNTIME_INIT_EXIT
}
