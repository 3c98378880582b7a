// envelope: the mean of the magnitudes of each block of a signal.
//
//   follow(src, out)    both are array('f'); each value of out is that of len(src) // len(out) of src

#include "py/dynruntime.h"

static float *floats(mp_obj_t obj, mp_uint_t access, size_t *n) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(obj, &info, access);
    if (info.typecode != 'f') {
        mp_raise_TypeError(MP_ERROR_TEXT("expected array('f')"));
    }
    *n = info.len / sizeof(float);
    return info.buf;
}

static float mean_of_magnitudes(const float *src, size_t n) {
    float sum = 0.0f;
    for (size_t i = 0; i < n; i++) {
        sum += src[i] < 0.0f ? -src[i] : src[i];
    }
    return sum / n;
}

static mp_obj_t follow(mp_obj_t src_in, mp_obj_t out_in) {
    size_t n, blocks;
    const float *src = floats(src_in, MP_BUFFER_READ, &n);
    float *out = floats(out_in, MP_BUFFER_WRITE, &blocks);
    if (blocks == 0 || n < blocks) {
        mp_raise_ValueError(MP_ERROR_TEXT("a value of out needs one of src at least"));
    }
    size_t length = n / blocks;
    for (size_t i = 0; i < blocks; i++) {
        out[i] = mean_of_magnitudes(src + i * length, length);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(follow_obj, follow);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    mp_store_global(MP_QSTR_follow, MP_OBJ_FROM_PTR(&follow_obj));
    MP_DYNRUNTIME_INIT_EXIT
}
