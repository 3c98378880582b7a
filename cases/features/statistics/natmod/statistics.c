// statistics: features of a block of int16.
//
//   mean_square(src, out)      the mean of the squares, rounded down; out is array('i') with one number
//   crossings(src, out)        how often the sign changes, where 0 is positive; the same
//   moving_average(src, out)   of the last 16 values, zeros before the first, rounded down; out is array('h')
//   median5(src, out)          of each value and two on either side, the ends as they are; out is array('h')
//   goertzel(src, out, c)      power of the bin whose coefficient 2*cos(2*pi*bin/n) is c[0]; out, c are array('f')
//
// Samples have 12 bits at most where their squares are summed in 32 bits: a block of 256. Nothing is allocated.

#include "py/dynruntime.h"

static void *buffer(mp_obj_t obj, mp_uint_t access, char typecode, size_t size, size_t *n) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(obj, &info, access);
    if (info.typecode != typecode) {
        mp_raise_TypeError(MP_ERROR_TEXT("array of another type expected"));
    }
    *n = info.len / size;
    if (*n == 0) {
        mp_raise_ValueError(MP_ERROR_TEXT("array must not be empty"));
    }
    return info.buf;
}

static mp_obj_t mean_square(mp_obj_t src_in, mp_obj_t out_in) {
    size_t n, one;
    const int16_t *src = buffer(src_in, MP_BUFFER_READ, 'h', 2, &n);
    int32_t *out = buffer(out_in, MP_BUFFER_WRITE, 'i', 4, &one);
    uint32_t total = 0;
    for (size_t i = 0; i < n; i++) {
        total += (int32_t)src[i] * src[i];
    }
    out[0] = total / n;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(mean_square_obj, mean_square);

static mp_obj_t crossings(mp_obj_t src_in, mp_obj_t out_in) {
    size_t n, one;
    const int16_t *src = buffer(src_in, MP_BUFFER_READ, 'h', 2, &n);
    int32_t *out = buffer(out_in, MP_BUFFER_WRITE, 'i', 4, &one);
    int32_t count = 0;
    for (size_t i = 1; i < n; i++) {
        count += (src[i] < 0) != (src[i - 1] < 0);
    }
    out[0] = count;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(crossings_obj, crossings);

// The two buffers of a function that gives as many samples as it takes, apart from each other.
static size_t pair(mp_obj_t src_in, mp_obj_t out_in, const int16_t **src, int16_t **out) {
    size_t n, m;
    *src = buffer(src_in, MP_BUFFER_READ, 'h', 2, &n);
    *out = buffer(out_in, MP_BUFFER_WRITE, 'h', 2, &m);
    if (n != m || (*out < *src + n && *src < *out + n)) {
        mp_raise_ValueError(MP_ERROR_TEXT("out must be as long as src and apart from it"));
    }
    return n;
}

static mp_obj_t moving_average(mp_obj_t src_in, mp_obj_t out_in) {
    const int16_t *src;
    int16_t *out;
    const size_t n = pair(src_in, out_in, &src, &out);
    int32_t total = 0;
    for (size_t i = 0; i < n; i++) {
        total += src[i] - (i >= 16 ? src[i - 16] : 0);
        out[i] = total >> 4;
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(moving_average_obj, moving_average);

static int16_t least(int16_t a, int16_t b) {
    return a < b ? a : b;
}

static int16_t greatest(int16_t a, int16_t b) {
    return a < b ? b : a;
}

// What is neither the least of two pairs' lesser ones nor the greatest of their greater ones is left.
static int16_t median(const int16_t *x) {
    const int16_t low = greatest(least(x[0], x[1]), least(x[3], x[4]));
    const int16_t high = least(greatest(x[0], x[1]), greatest(x[3], x[4]));
    return greatest(least(low, high), least(greatest(low, high), x[2]));
}

static mp_obj_t median5(mp_obj_t src_in, mp_obj_t out_in) {
    const int16_t *src;
    int16_t *out;
    const size_t n = pair(src_in, out_in, &src, &out);
    for (size_t i = 0; i < n; i++) {
        out[i] = i < 2 || i + 2 >= n ? src[i] : median(src + i - 2);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(median5_obj, median5);

static mp_obj_t goertzel(mp_obj_t src_in, mp_obj_t out_in, mp_obj_t c_in) {
    size_t n, one;
    const int16_t *src = buffer(src_in, MP_BUFFER_READ, 'h', 2, &n);
    float *out = buffer(out_in, MP_BUFFER_WRITE, 'f', 4, &one);
    const float c = *(const float *)buffer(c_in, MP_BUFFER_READ, 'f', 4, &one);
    float s1 = 0, s2 = 0;
    for (size_t i = 0; i < n; i++) {
        const float s = src[i] + c * s1 - s2;
        s2 = s1;
        s1 = s;
    }
    out[0] = s1 * s1 + s2 * s2 - c * s1 * s2;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_3(goertzel_obj, goertzel);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY

    mp_store_global(MP_QSTR_mean_square, MP_OBJ_FROM_PTR(&mean_square_obj));
    mp_store_global(MP_QSTR_crossings, MP_OBJ_FROM_PTR(&crossings_obj));
    mp_store_global(MP_QSTR_moving_average, MP_OBJ_FROM_PTR(&moving_average_obj));
    mp_store_global(MP_QSTR_median5, MP_OBJ_FROM_PTR(&median5_obj));
    mp_store_global(MP_QSTR_goertzel, MP_OBJ_FROM_PTR(&goertzel_obj));

    MP_DYNRUNTIME_INIT_EXIT
}
