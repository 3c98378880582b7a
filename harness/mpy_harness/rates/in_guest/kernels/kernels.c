// kernels: what signal processing and machine learning do most of the time, each in int8, int16 and float32.
//
//   multiply_add_int8(src, coefs, table, out) and so on: kernels_core.h has them, rates/kernels.py what they are given
//   nothing(src, coefs, table, out)           looks up its buffers as they do, and does nothing
//
// It is for mpy-harness bench-device: what the buffers hold is not checked here, for that would be counted as well.

#include "py/dynruntime.h"

typedef struct {
    const void *src, *coefs;
    const int16_t *table;
    void *out;
    size_t count; // bytes of src
} buffers_t;

static buffers_t buffers(const mp_obj_t *args) {
    mp_buffer_info_t src, coefs, table, out;
    mp_get_buffer_raise(args[0], &src, MP_BUFFER_READ);
    mp_get_buffer_raise(args[1], &coefs, MP_BUFFER_READ);
    mp_get_buffer_raise(args[2], &table, MP_BUFFER_READ);
    mp_get_buffer_raise(args[3], &out, MP_BUFFER_WRITE);
    return (buffers_t) {src.buf, coefs.buf, table.buf, out.buf, src.len};
}

static inline int32_t saturated(int32_t value, int32_t least, int32_t most) {
    return value < least ? least : value > most ? most : value;
}

#define FUNCTION(kernel) \
    static mp_obj_t NAME(kernel##_call)(size_t n_args, const mp_obj_t *args) { \
        const buffers_t given = buffers(args); \
        NAME(kernel)(&given); \
        return mp_const_none; \
    } \
    static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(NAME(kernel##_obj), 4, 4, NAME(kernel##_call));

#define DATA int8_t
#define SUM int32_t
#define NAME(x) x##_int8
#define IS_FLOAT 0
#define SHIFT 7
#define SHIFT2 6
#define LEAST INT8_MIN
#define MOST INT8_MAX
#include "kernels_core.h"

#define DATA int16_t
#define SUM int32_t
#define NAME(x) x##_int16
#define IS_FLOAT 0
#define SHIFT 15
#define SHIFT2 14
#define LEAST INT16_MIN
#define MOST INT16_MAX
#include "kernels_core.h"

#define DATA float
#define SUM float
#define NAME(x) x##_float32
#define IS_FLOAT 1
#include "kernels_core.h"

static mp_obj_t nothing(size_t n_args, const mp_obj_t *args) {
    volatile buffers_t given = buffers(args);
    (void)given;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(nothing_obj, 4, 4, nothing);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY

    mp_store_global(MP_QSTR_nothing, MP_OBJ_FROM_PTR(&nothing_obj));
    mp_store_global(MP_QSTR_multiply_add_int8, MP_OBJ_FROM_PTR(&multiply_add_obj_int8));
    mp_store_global(MP_QSTR_multiply_add_int16, MP_OBJ_FROM_PTR(&multiply_add_obj_int16));
    mp_store_global(MP_QSTR_multiply_add_float32, MP_OBJ_FROM_PTR(&multiply_add_obj_float32));
    mp_store_global(MP_QSTR_convolution_int8, MP_OBJ_FROM_PTR(&convolution_obj_int8));
    mp_store_global(MP_QSTR_convolution_int16, MP_OBJ_FROM_PTR(&convolution_obj_int16));
    mp_store_global(MP_QSTR_convolution_float32, MP_OBJ_FROM_PTR(&convolution_obj_float32));
    mp_store_global(MP_QSTR_tree_nodes_int8, MP_OBJ_FROM_PTR(&tree_nodes_obj_int8));
    mp_store_global(MP_QSTR_tree_nodes_int16, MP_OBJ_FROM_PTR(&tree_nodes_obj_int16));
    mp_store_global(MP_QSTR_tree_nodes_float32, MP_OBJ_FROM_PTR(&tree_nodes_obj_float32));
    mp_store_global(MP_QSTR_fft_int8, MP_OBJ_FROM_PTR(&fft_obj_int8));
    mp_store_global(MP_QSTR_fft_int16, MP_OBJ_FROM_PTR(&fft_obj_int16));
    mp_store_global(MP_QSTR_fft_float32, MP_OBJ_FROM_PTR(&fft_obj_float32));
    mp_store_global(MP_QSTR_mel_spectrum_int8, MP_OBJ_FROM_PTR(&mel_spectrum_obj_int8));
    mp_store_global(MP_QSTR_mel_spectrum_int16, MP_OBJ_FROM_PTR(&mel_spectrum_obj_int16));
    mp_store_global(MP_QSTR_mel_spectrum_float32, MP_OBJ_FROM_PTR(&mel_spectrum_obj_float32));
    mp_store_global(MP_QSTR_conversion_int8, MP_OBJ_FROM_PTR(&conversion_obj_int8));
    mp_store_global(MP_QSTR_conversion_int16, MP_OBJ_FROM_PTR(&conversion_obj_int16));
    mp_store_global(MP_QSTR_conversion_float32, MP_OBJ_FROM_PTR(&conversion_obj_float32));
    mp_store_global(MP_QSTR_biquad_int8, MP_OBJ_FROM_PTR(&biquad_obj_int8));
    mp_store_global(MP_QSTR_biquad_int16, MP_OBJ_FROM_PTR(&biquad_obj_int16));
    mp_store_global(MP_QSTR_biquad_float32, MP_OBJ_FROM_PTR(&biquad_obj_float32));

    MP_DYNRUNTIME_INIT_EXIT
}
