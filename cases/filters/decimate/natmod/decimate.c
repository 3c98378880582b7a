// decimate: one sample of several, by a low-pass that computes only what is kept.
//
//   decimate(src, taps, out)       array('f') all
//   decimate_q15(src, taps, out)   array('h') all; the exact sum, rounded once (halves up) and saturated
//
// src begins with the past, one sample less than there are taps; the rest of it is a multiple of out. Q15 sums are exact
// while the magnitudes of the taps add up to less than 2.0; beyond that they wrap. Nothing is allocated.

#include "py/dynruntime.h"

typedef struct {
    const void *src, *taps;
    void *out;
    size_t n, outputs, down;
} job_t;

static job_t job(const mp_obj_t *args, char typecode, size_t size) {
    mp_buffer_info_t info[3];
    for (size_t i = 0; i < 3; i++) {
        mp_get_buffer_raise(args[i], &info[i], i == 2 ? MP_BUFFER_WRITE : MP_BUFFER_READ);
        if (info[i].typecode != typecode) {
            mp_raise_TypeError(MP_ERROR_TEXT("array of another type expected"));
        }
    }
    const size_t samples = info[0].len / size, n = info[1].len / size, outputs = info[2].len / size;
    if (n == 0 || outputs == 0 || samples + 1 <= n || (samples + 1 - n) % outputs != 0) {
        mp_raise_ValueError(MP_ERROR_TEXT("src must be the past and a multiple of out"));
    }
    const char *src = info[0].buf, *out = info[2].buf;
    if (out < src + info[0].len && src < out + info[2].len) {
        mp_raise_ValueError(MP_ERROR_TEXT("out overlaps src"));
    }
    return (job_t) {info[0].buf, info[1].buf, info[2].buf, n, outputs, (samples + 1 - n) / outputs};
}

static mp_obj_t decimate(size_t n_args, const mp_obj_t *args) {
    const job_t it = job(args, 'f', sizeof(float));
    const float *newest = (const float *)it.src + it.n - 1;
    float *out = it.out;
    for (size_t i = 0; i < it.outputs; i++, newest += it.down) {
        const float *tap = it.taps, *sample = newest;
        float total = 0.0f;
        for (size_t k = 0; k < it.n; k++) {
            total += *tap++ * *sample--;
        }
        out[i] = total;
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(decimate_obj, 3, 3, decimate);

static mp_obj_t decimate_q15(size_t n_args, const mp_obj_t *args) {
    const job_t it = job(args, 'h', sizeof(int16_t));
    const int16_t *newest = (const int16_t *)it.src + it.n - 1;
    int16_t *out = it.out;
    for (size_t i = 0; i < it.outputs; i++, newest += it.down) {
        const int16_t *tap = it.taps, *sample = newest;
        uint32_t total = 0x4000; // without a sign, because it may wrap
        for (size_t k = 0; k < it.n; k++) {
            total += *tap++ * *sample--;
        }
        const int32_t rounded = (int32_t)total >> 15;
        out[i] = rounded > 32767 ? 32767 : rounded < -32768 ? -32768 : rounded;
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(decimate_q15_obj, 3, 3, decimate_q15);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY

    mp_store_global(MP_QSTR_decimate, MP_OBJ_FROM_PTR(&decimate_obj));
    mp_store_global(MP_QSTR_decimate_q15, MP_OBJ_FROM_PTR(&decimate_q15_obj));

    MP_DYNRUNTIME_INIT_EXIT
}
