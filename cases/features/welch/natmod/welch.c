// welch: steps of Welch's estimate of a power spectrum; the transform is that of the module fft.
//
//   windowed(samples, at, window, out)   samples from at on, array('h'), without their mean, times the window;
//                                        out has two numbers more
//   add_power(spectrum, power)           the square of each complex number's magnitude is added to power
//   scale(power, factor)                 times factor[0] at both ends, twice that between them
//
// All arrays but samples are array('f'). Nothing is allocated; lengths are checked.

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

static mp_obj_t windowed(size_t n_args, const mp_obj_t *args) {
    const array_t samples = array(args[0], MP_BUFFER_READ, 'h', 2), window = array(args[2], MP_BUFFER_READ, 'f', 4);
    const array_t out = array(args[3], MP_BUFFER_WRITE, 'f', 4);
    const mp_int_t at = mp_obj_get_int(args[1]);
    const size_t n = window.n;
    check(n > 0 && out.n == n + 2 && at >= 0 && (size_t)at <= samples.n && n <= samples.n - at);
    const int16_t *src = (const int16_t *)samples.items + at;
    const float *factors = window.items;
    float *to = out.items;
    int32_t total = 0;
    for (size_t i = 0; i < n; i++) {
        total += src[i];
    }
    const float mean = (float)total / (float)n;
    for (size_t i = 0; i < n; i++) {
        to[i] = (src[i] - mean) * factors[i];
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(windowed_obj, 4, 4, windowed);

static mp_obj_t add_power(mp_obj_t spectrum_in, mp_obj_t power_in) {
    const array_t spectrum = array(spectrum_in, MP_BUFFER_READ, 'f', 4);
    const array_t power = array(power_in, MP_BUFFER_WRITE, 'f', 4);
    check(spectrum.n == 2 * power.n);
    const float *at = spectrum.items;
    float *to = power.items;
    for (size_t k = 0; k < power.n; k++, at += 2) {
        to[k] += at[0] * at[0] + at[1] * at[1];
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(add_power_obj, add_power);

static mp_obj_t scale(mp_obj_t power_in, mp_obj_t factor_in) {
    const array_t power = array(power_in, MP_BUFFER_WRITE, 'f', 4), factor = array(factor_in, MP_BUFFER_READ, 'f', 4);
    check(power.n >= 2 && factor.n == 1);
    const float once = *(const float *)factor.items;
    float *to = power.items;
    to[0] *= once;
    for (size_t k = 1; k < power.n - 1; k++) {
        to[k] *= 2.0f * once;
    }
    to[power.n - 1] *= once;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(scale_obj, scale);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY

    mp_store_global(MP_QSTR_windowed, MP_OBJ_FROM_PTR(&windowed_obj));
    mp_store_global(MP_QSTR_add_power, MP_OBJ_FROM_PTR(&add_power_obj));
    mp_store_global(MP_QSTR_scale, MP_OBJ_FROM_PTR(&scale_obj));

    MP_DYNRUNTIME_INIT_EXIT
}
