// melspec: steps of a front end for sound; the transform is that of the module fft.
//
//   windowed(samples, window, out)                samples, array('h'), times the window; out has two
//                                                 numbers more
//   log_mel(spectrum, bins, weights, least, out)  the natural logarithm of each band's power, not below
//                                                 least[0], which is above 0; bins, array('h'), has of each
//                                                 band the first bin and how many there are, weights those of
//                                                 all bands one after the other
//   dct(src, table, out)                          a row of the table, as long as src, for each coefficient
//
// All arrays but samples and bins are array('f'). Nothing is allocated; lengths and bins are checked.

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

// The natural logarithm of a positive normal number: of its mantissa between sqrt(1/2) and sqrt(2) by the
// series of 2*atanh((m - 1)/(m + 1)), whose argument is below 0.172, so that what is left out is below
// 2**-30.
static float natural_log(float x) {
    union {
        float f;
        int32_t i;
    } bits = {x};
    const int32_t exponent = (bits.i - 0x3f3504f3) >> 23; // sqrt(1/2) is 0x3f3504f3
    bits.i -= exponent * (1 << 23);
    const float s = (bits.f - 1.0f) / (bits.f + 1.0f), q = s * s;
    const float m = 2.0f * s + 2.0f * s * q * (1.0f / 3 + q * (1.0f / 5 + q * (1.0f / 7 + q * (1.0f / 9))));
    // log(2) in two parts: the product with the first is exact.
    return (float)exponent * 0.693145751953125f + ((float)exponent * 1.42860682030941723e-6f + m);
}

static mp_obj_t windowed(mp_obj_t samples_in, mp_obj_t window_in, mp_obj_t out_in) {
    const array_t samples = array(samples_in, MP_BUFFER_READ, 'h', 2);
    const array_t window = array(window_in, MP_BUFFER_READ, 'f', 4);
    const array_t out = array(out_in, MP_BUFFER_WRITE, 'f', 4);
    check(samples.n == window.n && out.n == window.n + 2);
    const int16_t *src = samples.items;
    const float *factors = window.items;
    float *to = out.items;
    for (size_t i = 0; i < window.n; i++) {
        to[i] = src[i] * factors[i];
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_3(windowed_obj, windowed);

static mp_obj_t log_mel(size_t n_args, const mp_obj_t *args) {
    const array_t spectrum = array(args[0], MP_BUFFER_READ, 'f', 4), bins = array(args[1], MP_BUFFER_READ, 'h', 2);
    const array_t weights = array(args[2], MP_BUFFER_READ, 'f', 4), least = array(args[3], MP_BUFFER_READ, 'f', 4);
    const array_t out = array(args[4], MP_BUFFER_WRITE, 'f', 4);
    check(bins.n == 2 * out.n && least.n == 1 && *(const float *)least.items > 1e-37f);
    const float floor = *(const float *)least.items, *values = spectrum.items, *weight = weights.items;
    const int16_t *bin = bins.items;
    size_t left = weights.n;
    for (size_t band = 0; band < out.n; band++) {
        const int32_t first = bin[2 * band], count = bin[2 * band + 1];
        check(first >= 0 && count >= 0 && (size_t)count <= left && 2 * (size_t)(first + count) <= spectrum.n);
        left -= count;
        float total = 0.0f;
        for (const float *at = values + 2 * first, *end = at + 2 * count; at < end; at += 2) {
            total += *weight++ * (at[0] * at[0] + at[1] * at[1]);
        }
        ((float *)out.items)[band] = natural_log(total > floor ? total : floor);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(log_mel_obj, 5, 5, log_mel);

static mp_obj_t dct(mp_obj_t src_in, mp_obj_t table_in, mp_obj_t out_in) {
    const array_t src = array(src_in, MP_BUFFER_READ, 'f', 4), table = array(table_in, MP_BUFFER_READ, 'f', 4);
    const array_t out = array(out_in, MP_BUFFER_WRITE, 'f', 4);
    check(src.n > 0 && table.n == src.n * out.n);
    const float *at = table.items, *values = src.items;
    for (size_t k = 0; k < out.n; k++) {
        float total = 0.0f;
        for (size_t i = 0; i < src.n; i++) {
            total += values[i] * *at++;
        }
        ((float *)out.items)[k] = total;
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_3(dct_obj, dct);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY

    mp_store_global(MP_QSTR_windowed, MP_OBJ_FROM_PTR(&windowed_obj));
    mp_store_global(MP_QSTR_log_mel, MP_OBJ_FROM_PTR(&log_mel_obj));
    mp_store_global(MP_QSTR_dct, MP_OBJ_FROM_PTR(&dct_obj));

    MP_DYNRUNTIME_INIT_EXIT
}
