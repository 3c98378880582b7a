// fft: radix-2 fast Fourier transforms, complex and real, in float32.
//
//   p = fft.new(n)        n: length of the transforms, a power of two from 2 to 2**20
//   p.fft(src[, out])     n complex numbers to n complex numbers
//   p.ifft(src[, out])    and back, scaled by 1/n
//   p.rfft(src[, out])    n real numbers to n/2 + 1 complex ones
//   p.irfft(src[, out])   and back, scaled by 1/n
//
// Buffers are array('f') or memoryviews of one; a complex number is its real part followed by its
// imaginary part, so that numpy's complex64 has the same layout. Without out the transform works in
// place; rfft in place takes n + 2 floats of which the first n are the samples, irfft in place leaves the
// samples in the first n. out may overlap src in any way, which then changes. Signs and scaling are those
// of numpy.fft. Nothing is allocated but by new, which takes n floats for the twiddle factors.
//
// NaN and infinities: every output depends on every input, so one NaN or infinity in the input leaves no
// number of the output finite, in its real or its imaginary part. Subnormal numbers are computed with as the core does. Nothing
// saturates: sums above 3.4e38 become infinite. irfft ignores the imaginary parts of the first and of the
// last number, as numpy does. Rounding is to nearest, ties to even, after every operation.

#include "py/dynruntime.h"

#include "fft_core.h"

#define MAX_LENGTH (1 << 20)

typedef struct {
    mp_obj_base_t base;
    size_t n;
    float twiddles[];
} plan_obj_t;

// mpy_ld places zero-initialised variables only when they are not static.
mp_obj_full_type_t fft_plan_type;
mp_map_elem_t fft_plan_members[4];
static MP_DEFINE_CONST_DICT(fft_plan_dict, fft_plan_members);

static float *float_items(mp_obj_t obj, mp_uint_t access, size_t len) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(obj, &info, access);
    if (info.typecode != 'f') {
        mp_raise_TypeError(MP_ERROR_TEXT("expected array('f')"));
    }
    if (info.len != len * sizeof(float)) {
        mp_raise_ValueError(MP_ERROR_TEXT("wrong length for this plan"));
    }
    return info.buf;
}

static mp_obj_t fft_new(mp_obj_t n_in) {
    const mp_int_t n = mp_obj_get_int(n_in);
    if (n < 2 || n > MAX_LENGTH || (n & (n - 1)) != 0) {
        mp_raise_ValueError(MP_ERROR_TEXT("length must be a power of two from 2 to 2**20"));
    }
    plan_obj_t *self = mp_obj_malloc_var(plan_obj_t, twiddles, float, n, (mp_obj_type_t *)&fft_plan_type);
    self->n = n;
    fft_twiddles(self->twiddles, n);
    return MP_OBJ_FROM_PTR(self);
}
static MP_DEFINE_CONST_FUN_OBJ_1(fft_new_obj, fft_new);

static mp_obj_t transform_complex(size_t n_args, const mp_obj_t *args, float sign) {
    const plan_obj_t *self = MP_OBJ_TO_PTR(args[0]);
    const size_t n = self->n;
    const float *src = float_items(args[1], MP_BUFFER_READ, 2 * n);
    float *out = float_items(args[n_args - 1], MP_BUFFER_WRITE, 2 * n);
    mp_fun_table.memmove_(out, src, 2 * n * sizeof(float));
    fft_complex(out, n, self->twiddles, 1, sign);
    if (sign < 0.0f) {
        fft_scale(out, 2 * n, 1.0f / (float)n);
    }
    return mp_const_none;
}

static mp_obj_t plan_fft(size_t n_args, const mp_obj_t *args) {
    return transform_complex(n_args, args, 1.0f);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(plan_fft_obj, 2, 3, plan_fft);

static mp_obj_t plan_ifft(size_t n_args, const mp_obj_t *args) {
    return transform_complex(n_args, args, -1.0f);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(plan_ifft_obj, 2, 3, plan_ifft);

static mp_obj_t plan_rfft(size_t n_args, const mp_obj_t *args) {
    const plan_obj_t *self = MP_OBJ_TO_PTR(args[0]);
    const size_t n = self->n;
    const float *src = float_items(args[1], MP_BUFFER_READ, n_args == 2 ? n + 2 : n);
    float *out = float_items(args[n_args - 1], MP_BUFFER_WRITE, n + 2);
    mp_fun_table.memmove_(out, src, n * sizeof(float));
    fft_real(out, n, self->twiddles);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(plan_rfft_obj, 2, 3, plan_rfft);

static mp_obj_t plan_irfft(size_t n_args, const mp_obj_t *args) {
    const plan_obj_t *self = MP_OBJ_TO_PTR(args[0]);
    const size_t n = self->n;
    const float *src = float_items(args[1], MP_BUFFER_READ, n + 2);
    float *out = float_items(args[n_args - 1], MP_BUFFER_WRITE, n_args == 2 ? n + 2 : n);
    const float last = src[n];
    mp_fun_table.memmove_(out, src, n * sizeof(float));
    fft_real_inverse(out, last, n, self->twiddles);
    fft_scale(out, n, 2.0f / (float)n);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(plan_irfft_obj, 2, 3, plan_irfft);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY

    fft_plan_type.base.type = (void *)&mp_type_type;
    fft_plan_type.flags = MP_TYPE_FLAG_NONE;
    fft_plan_type.name = MP_QSTR_Plan;
    fft_plan_members[0] = (mp_map_elem_t) {MP_OBJ_NEW_QSTR(MP_QSTR_fft), MP_OBJ_FROM_PTR(&plan_fft_obj)};
    fft_plan_members[1] = (mp_map_elem_t) {MP_OBJ_NEW_QSTR(MP_QSTR_ifft), MP_OBJ_FROM_PTR(&plan_ifft_obj)};
    fft_plan_members[2] = (mp_map_elem_t) {MP_OBJ_NEW_QSTR(MP_QSTR_rfft), MP_OBJ_FROM_PTR(&plan_rfft_obj)};
    fft_plan_members[3] = (mp_map_elem_t) {MP_OBJ_NEW_QSTR(MP_QSTR_irfft), MP_OBJ_FROM_PTR(&plan_irfft_obj)};
    MP_OBJ_TYPE_SET_SLOT(&fft_plan_type, locals_dict, (void *)&fft_plan_dict, 0);

    mp_store_global(MP_QSTR_new, MP_OBJ_FROM_PTR(&fft_new_obj));

    MP_DYNRUNTIME_INIT_EXIT
}
