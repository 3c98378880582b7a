// vibration: steps of a monitor of vibration; the transforms are those of the module fft.
//
//   centred(samples, out, found, at)             samples, array('h'), without their mean; found[at] is the mean
//                                                square of that
//   squared_envelope(analytic, window, out, found, at)
//                                                the square of each complex number's magnitude, without the
//                                                mean and times the window; out has two numbers more;
//                                                found[at] is that mean
//   powers(spectrum, bins, found, at)            found[at], ...: of each bin, array('h'), the power there and
//                                                beside it, over all power from the second bin on
//
// All other arrays are array('f'). Nothing is allocated; lengths and bins are checked.

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

static array_t floats(mp_obj_t obj, mp_uint_t access) {
    return array(obj, access, 'f', sizeof(float));
}

static void check(bool fits) {
    if (!fits) {
        mp_raise_ValueError(MP_ERROR_TEXT("arrays do not fit each other"));
    }
}

// Where count numbers that are found go.
static float *place(mp_obj_t found_in, mp_obj_t at_in, size_t count) {
    const array_t found = floats(found_in, MP_BUFFER_WRITE);
    const mp_int_t at = mp_obj_get_int(at_in);
    check(at >= 0 && (size_t)at <= found.n && count <= found.n - at);
    return (float *)found.items + at;
}

static mp_obj_t centred(size_t n_args, const mp_obj_t *args) {
    const array_t samples = array(args[0], MP_BUFFER_READ, 'h', 2), out = floats(args[1], MP_BUFFER_WRITE);
    float *found = place(args[2], args[3], 1), *to = out.items;
    const size_t n = samples.n;
    check(n > 0 && n < 65536 && out.n == n); // 32 bits hold the sum
    const int16_t *src = samples.items;
    int32_t total = 0;
    for (size_t i = 0; i < n; i++) {
        total += src[i];
    }
    const float mean = (float)total / (float)n;
    float square = 0.0f;
    for (size_t i = 0; i < n; i++) {
        const float value = src[i] - mean;
        to[i] = value;
        square += value * value;
    }
    *found = square / (float)n;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(centred_obj, 4, 4, centred);

static mp_obj_t squared_envelope(size_t n_args, const mp_obj_t *args) {
    const array_t analytic = floats(args[0], MP_BUFFER_READ), window = floats(args[1], MP_BUFFER_READ);
    const array_t out = floats(args[2], MP_BUFFER_WRITE);
    float *found = place(args[3], args[4], 1), *to = out.items, total = 0.0f;
    const size_t n = window.n;
    check(n > 0 && analytic.n == 2 * n && out.n == n + 2);
    const float *at = analytic.items, *factors = window.items;
    for (size_t i = 0; i < n; i++, at += 2) {
        const float square = at[0] * at[0] + at[1] * at[1];
        to[i] = square;
        total += square;
    }
    const float mean = total / (float)n;
    for (size_t i = 0; i < n; i++) {
        to[i] = (to[i] - mean) * factors[i];
    }
    *found = mean;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(squared_envelope_obj, 5, 5, squared_envelope);

static mp_obj_t powers(size_t n_args, const mp_obj_t *args) {
    const array_t spectrum = floats(args[0], MP_BUFFER_READ), bins = array(args[1], MP_BUFFER_READ, 'h', 2);
    float *found = place(args[2], args[3], bins.n), total = 0.0f;
    const float *values = spectrum.items;
    const int16_t *bin = bins.items;
    for (size_t i = 4; i < spectrum.n; i++) {
        total += values[i] * values[i];
    }
    for (size_t k = 0; k < bins.n; k++) {
        check(bin[k] >= 1 && 2 * (size_t)bin[k] + 4 <= spectrum.n);
        float power = 0.0f;
        for (const float *at = values + 2 * bin[k] - 2, *end = at + 6; at < end; at++) {
            power += *at * *at;
        }
        found[k] = power / total;
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(powers_obj, 4, 4, powers);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY

    mp_store_global(MP_QSTR_centred, MP_OBJ_FROM_PTR(&centred_obj));
    mp_store_global(MP_QSTR_squared_envelope, MP_OBJ_FROM_PTR(&squared_envelope_obj));
    mp_store_global(MP_QSTR_powers, MP_OBJ_FROM_PTR(&powers_obj));

    MP_DYNRUNTIME_INIT_EXIT
}
