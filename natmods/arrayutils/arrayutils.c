// arrayutils: conversions, scaling and limiting of sample arrays.
//
//   int16_to_float(src, out, scale=1/32768)   out = src * scale
//   float_to_int16(src, out, scale=32768)     out = src * scale, rounded and saturated
//   scale(src, factor[, out])                 out = src * factor; array('f'), or array('h') saturating
//   clip(src, low, high[, out])               out = src limited to low..high; array('f') or array('h')
//
// src and out are arrays or memoryviews of them; out is as long as src and is src itself when it is
// left out. Nothing is allocated.
//
// Rounding to int16 is to nearest, ties to even, as numpy.rint does; what lies outside -32768..32767,
// infinities too, saturates; NaN gives 0. Products are rounded to float32 first. In float32 arrays NaN
// stays NaN, through clip too; infinities are limited like any number; subnormal numbers are computed
// with as the core does.

#include "py/dynruntime.h"

#include "arrayutils_core.h"

static mp_buffer_info_t samples(mp_obj_t obj, mp_uint_t access) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(obj, &info, access);
    if (info.typecode != 'f' && info.typecode != 'h') {
        mp_raise_TypeError(MP_ERROR_TEXT("expected array('f') or array('h')"));
    }
    return info;
}

static size_t count(const mp_buffer_info_t *info) {
    return info->len / (info->typecode == 'f' ? sizeof(float) : sizeof(int16_t));
}

static void check_type(const mp_buffer_info_t *info, char typecode) {
    if (info->typecode != typecode) {
        mp_raise_TypeError(typecode == 'f' ? MP_ERROR_TEXT("expected array('f')") : MP_ERROR_TEXT("expected array('h')"));
    }
}

// Overlap, other than being the same array, would read what was just written.
static void check_pair(const mp_buffer_info_t *src, const mp_buffer_info_t *out) {
    const char *s = src->buf, *o = out->buf;
    if (count(out) != count(src)) {
        mp_raise_ValueError(MP_ERROR_TEXT("out must be as long as src"));
    }
    if (!(o == s && out->len == src->len) && o < s + src->len && s < o + out->len) {
        mp_raise_ValueError(MP_ERROR_TEXT("out overlaps src"));
    }
}

// Through memory and not as a C float: a build for cores without an FPU, loaded by firmware that passes
// floats in FPU registers, would look for the value in the wrong place.
static float number(mp_obj_t obj) {
    float value;
    mp_binary_set_val_array('f', &value, 0, obj);
    return value;
}

static mp_obj_t int16_to_float(size_t n_args, const mp_obj_t *args) {
    const mp_buffer_info_t src = samples(args[0], MP_BUFFER_READ), out = samples(args[1], MP_BUFFER_WRITE);
    check_type(&src, 'h');
    check_type(&out, 'f');
    check_pair(&src, &out);
    au_int16_to_float(src.buf, out.buf, count(&src), n_args == 3 ? number(args[2]) : 1.0f / 32768.0f);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(int16_to_float_obj, 2, 3, int16_to_float);

static mp_obj_t float_to_int16(size_t n_args, const mp_obj_t *args) {
    const mp_buffer_info_t src = samples(args[0], MP_BUFFER_READ), out = samples(args[1], MP_BUFFER_WRITE);
    check_type(&src, 'f');
    check_type(&out, 'h');
    check_pair(&src, &out);
    au_float_to_int16(src.buf, out.buf, count(&src), n_args == 3 ? number(args[2]) : 32768.0f);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(float_to_int16_obj, 2, 3, float_to_int16);

// The pair of buffers of a function that takes (src, ..., [out]) of one type.
static mp_buffer_info_t same_type_out(const mp_buffer_info_t *src, size_t n_args, const mp_obj_t *args, size_t at) {
    if (n_args <= at) {
        return samples(args[0], MP_BUFFER_RW);
    }
    const mp_buffer_info_t out = samples(args[at], MP_BUFFER_WRITE);
    check_type(&out, src->typecode);
    check_pair(src, &out);
    return out;
}

static mp_obj_t scale(size_t n_args, const mp_obj_t *args) {
    const mp_buffer_info_t src = samples(args[0], MP_BUFFER_READ), out = same_type_out(&src, n_args, args, 2);
    const float factor = number(args[1]);
    if (src.typecode == 'f') {
        au_scale_float(src.buf, out.buf, count(&src), factor);
    } else {
        au_scale_int16(src.buf, out.buf, count(&src), factor);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(scale_obj, 2, 3, scale);

static void check_limits(bool ordered) {
    if (!ordered) {
        mp_raise_ValueError(MP_ERROR_TEXT("low must not be above high"));
    }
}

static int16_t int16_limit(mp_obj_t obj) {
    const mp_int_t limit = mp_obj_get_int(obj);
    if (limit < INT16_MIN || limit > INT16_MAX) {
        mp_raise_ValueError(MP_ERROR_TEXT("limit outside -32768..32767"));
    }
    return limit;
}

static mp_obj_t clip(size_t n_args, const mp_obj_t *args) {
    const mp_buffer_info_t src = samples(args[0], MP_BUFFER_READ), out = same_type_out(&src, n_args, args, 3);
    if (src.typecode == 'f') {
        const float low = number(args[1]), high = number(args[2]);
        check_limits(low <= high);
        au_clip_float(src.buf, out.buf, count(&src), low, high);
    } else {
        const int16_t low = int16_limit(args[1]), high = int16_limit(args[2]);
        check_limits(low <= high);
        au_clip_int16(src.buf, out.buf, count(&src), low, high);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(clip_obj, 3, 4, clip);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY

    mp_store_global(MP_QSTR_int16_to_float, MP_OBJ_FROM_PTR(&int16_to_float_obj));
    mp_store_global(MP_QSTR_float_to_int16, MP_OBJ_FROM_PTR(&float_to_int16_obj));
    mp_store_global(MP_QSTR_scale, MP_OBJ_FROM_PTR(&scale_obj));
    mp_store_global(MP_QSTR_clip, MP_OBJ_FROM_PTR(&clip_obj));

    MP_DYNRUNTIME_INIT_EXIT
}
