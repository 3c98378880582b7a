// iir: cascaded biquad filters (second-order sections) in float32.
//
//   f = iir.new(sos)     sos: array('f') of b0, b1, b2, a0, a1, a2 a section, the layout that
//                        scipy.signal calls "sos"; a0 must be 1
//   f.run(buf)           filter buf, array('f') or a memoryview of one, in place
//   f.run(src, out)      filter src into out, of the same length; nothing is allocated
//   f.reset()            forget the past
//
// The state is kept between calls: the same samples in blocks of any size give the same output.
//
// NaN and infinities: the filter is recursive, so one NaN or infinity in the input makes every later
// output NaN or infinite until reset(). Subnormal numbers are computed with as the core does (IEEE 754
// gradual underflow on a Cortex-M with its reset settings). Nothing saturates: float32 has 770 dB above
// full scale 1.0. Rounding is to nearest, ties to even, after every operation.

#include "py/dynruntime.h"

#include "iir_core.h"

#define SOS_COLUMNS (6)

typedef struct {
    mp_obj_base_t base;
    size_t count;
    iir_section_t sections[];
} filter_obj_t;

// mpy_ld places zero-initialised variables only when they are not static.
mp_obj_full_type_t iir_filter_type;
mp_map_elem_t iir_filter_members[2];
static MP_DEFINE_CONST_DICT(iir_filter_dict, iir_filter_members);

static float *float_items(mp_obj_t obj, mp_uint_t access, size_t *len) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(obj, &info, access);
    if (info.typecode != 'f') {
        mp_raise_TypeError(MP_ERROR_TEXT("expected array('f')"));
    }
    *len = info.len / sizeof(float);
    return info.buf;
}

// A block that overlaps its output, other than being the output, would read what was just written.
static void check_pair(const float *src, size_t src_len, const float *out, size_t out_len) {
    if (out_len != src_len) {
        mp_raise_ValueError(MP_ERROR_TEXT("out must be as long as src"));
    }
    if (out != src && out < src + src_len && src < out + out_len) {
        mp_raise_ValueError(MP_ERROR_TEXT("out overlaps src"));
    }
}

static mp_obj_t iir_new(mp_obj_t sos_in) {
    size_t len;
    const float *sos = float_items(sos_in, MP_BUFFER_READ, &len);
    if (len == 0 || len % SOS_COLUMNS != 0) {
        mp_raise_ValueError(MP_ERROR_TEXT("sos must hold 6 numbers a section"));
    }
    const size_t count = len / SOS_COLUMNS;
    for (size_t i = 0; i < count; i++) {
        if (sos[i * SOS_COLUMNS + 3] != 1.0f) {
            mp_raise_ValueError(MP_ERROR_TEXT("a0 of every section must be 1"));
        }
    }
    filter_obj_t *self = mp_obj_malloc_var(filter_obj_t, sections, iir_section_t, count, (mp_obj_type_t *)&iir_filter_type);
    self->count = count;
    for (size_t i = 0; i < count; i++, sos += SOS_COLUMNS) {
        iir_section_t *section = &self->sections[i];
        section->b0 = sos[0];
        section->b1 = sos[1];
        section->b2 = sos[2];
        section->a1 = sos[4];
        section->a2 = sos[5];
    }
    iir_reset(self->sections, count);
    return MP_OBJ_FROM_PTR(self);
}
static MP_DEFINE_CONST_FUN_OBJ_1(iir_new_obj, iir_new);

static mp_obj_t filter_run(size_t n_args, const mp_obj_t *args) {
    filter_obj_t *self = MP_OBJ_TO_PTR(args[0]);
    size_t len;
    float *src = float_items(args[1], n_args == 2 ? MP_BUFFER_RW : MP_BUFFER_READ, &len);
    float *out = src;
    if (n_args == 3) {
        size_t out_len;
        out = float_items(args[2], MP_BUFFER_WRITE, &out_len);
        check_pair(src, len, out, out_len);
    }
    iir_run(self->sections, self->count, src, out, len);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(filter_run_obj, 2, 3, filter_run);

static mp_obj_t filter_reset(mp_obj_t self_in) {
    filter_obj_t *self = MP_OBJ_TO_PTR(self_in);
    iir_reset(self->sections, self->count);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(filter_reset_obj, filter_reset);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY

    iir_filter_type.base.type = (void *)&mp_type_type;
    iir_filter_type.flags = MP_TYPE_FLAG_NONE;
    iir_filter_type.name = MP_QSTR_Filter;
    iir_filter_members[0] = (mp_map_elem_t) {MP_OBJ_NEW_QSTR(MP_QSTR_run), MP_OBJ_FROM_PTR(&filter_run_obj)};
    iir_filter_members[1] = (mp_map_elem_t) {MP_OBJ_NEW_QSTR(MP_QSTR_reset), MP_OBJ_FROM_PTR(&filter_reset_obj)};
    MP_OBJ_TYPE_SET_SLOT(&iir_filter_type, locals_dict, (void *)&iir_filter_dict, 0);

    mp_store_global(MP_QSTR_new, MP_OBJ_FROM_PTR(&iir_new_obj));

    MP_DYNRUNTIME_INIT_EXIT
}
