// resample: two samples for three, by the two phases of a filter that runs at twice the rate.
//
//   resample(src, taps, out)       array('f') all
//   resample_q15(src, taps, out)   array('h') all; the exact sum, rounded once (halves up) and saturated
//
// taps are those of the even places of the filter, then those of the odd ones, equally many. src begins with
// the past: one sample less than a phase has taps, then three for two in out. Q15 sums are exact while the
// magnitudes of a phase's taps add up to less than 2.0; beyond that they wrap. Nothing is allocated.

#include "py/dynruntime.h"

static size_t arrays(const mp_obj_t *args, char typecode, size_t size, void **items, size_t *outputs) {
    size_t n[3];
    for (size_t i = 0; i < 3; i++) {
        mp_buffer_info_t info;
        mp_get_buffer_raise(args[i], &info, i == 2 ? MP_BUFFER_WRITE : MP_BUFFER_READ);
        if (info.typecode != typecode) {
            mp_raise_TypeError(MP_ERROR_TEXT("array of another type expected"));
        }
        items[i] = info.buf;
        n[i] = info.len / size;
    }
    const size_t taps = n[1] / 2;
    const char *src = items[0], *out = items[2];
    if (n[1] % 2 != 0 || taps == 0 || n[0] + 1 < taps || (n[0] + 1 - taps) * 2 != n[2] * 3) {
        mp_raise_ValueError(MP_ERROR_TEXT("src must be the past and three samples for two in out"));
    }
    if (out < src + n[0] * size && src < out + n[2] * size) {
        mp_raise_ValueError(MP_ERROR_TEXT("out overlaps src"));
    }
    *outputs = n[2];
    return taps;
}

static float sum(const float *taps, const float *newest, size_t n) {
    float total = 0.0f;
    while (n-- > 0) {
        total += *taps++ * *newest--;
    }
    return total;
}

static int16_t sum_q15(const int16_t *taps, const int16_t *newest, size_t n) {
    uint32_t total = 0x4000; // without a sign, because it may wrap
    while (n-- > 0) {
        total += *taps++ * *newest--;
    }
    const int32_t rounded = (int32_t)total >> 15;
    return rounded > 32767 ? 32767 : rounded < -32768 ? -32768 : rounded;
}

static mp_obj_t resample(size_t n_args, const mp_obj_t *args) {
    void *items[3];
    size_t outputs;
    const size_t n = arrays(args, 'f', sizeof(float), items, &outputs);
    const float *newest = (const float *)items[0] + n - 1, *taps = items[1];
    float *out = items[2];
    // Of a number that three samples for two make, which is even.
    for (size_t m = 0; m < outputs; m += 2, newest += 3) {
        out[m] = sum(taps, newest, n);
        out[m + 1] = sum(taps + n, newest + 1, n);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(resample_obj, 3, 3, resample);

static mp_obj_t resample_q15(size_t n_args, const mp_obj_t *args) {
    void *items[3];
    size_t outputs;
    const size_t n = arrays(args, 'h', sizeof(int16_t), items, &outputs);
    const int16_t *newest = (const int16_t *)items[0] + n - 1, *taps = items[1];
    int16_t *out = items[2];
    for (size_t m = 0; m < outputs; m += 2, newest += 3) {
        out[m] = sum_q15(taps, newest, n);
        out[m + 1] = sum_q15(taps + n, newest + 1, n);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(resample_q15_obj, 3, 3, resample_q15);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY

    mp_store_global(MP_QSTR_resample, MP_OBJ_FROM_PTR(&resample_obj));
    mp_store_global(MP_QSTR_resample_q15, MP_OBJ_FROM_PTR(&resample_q15_obj));

    MP_DYNRUNTIME_INIT_EXIT
}
