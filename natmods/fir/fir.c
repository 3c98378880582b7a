// fir: finite impulse response filters in float32 and in Q15 fixed point.
//
//   f = fir.new(taps)    taps: array('f') for float32, array('h') for Q15 (32768 stands for 1.0)
//   f.run(buf)           filter buf, an array of the taps' type or a memoryview of one, in place
//   f.run(src, out)      filter src into out, of the same length; nothing is allocated
//   f.reset()            forget the past
//
// The past is kept between calls: the same samples in blocks of any size give the same output.
//
// float32: NaN and infinities reach the outputs that they are part of and are gone after as many samples
// as there are taps (infinity times a tap of zero is NaN, as IEEE 754 says). Subnormal numbers are
// computed with as the core does. Rounding is to nearest, ties to even, after every operation.
// Q15: the sum is exact, rounded once to the nearest step (halves up) and saturated to -32768..32767.

#include "py/dynruntime.h"

#include "fir_core.h"

typedef struct {
    mp_obj_base_t base;
    char typecode; // of taps and samples: 'f' or 'h'
    size_t n;
    size_t at;
    float storage[]; // n taps, then the ring of n samples; of int16_t when typecode is 'h'
} filter_obj_t;

// mpy_ld places zero-initialised variables only when they are not static.
mp_obj_full_type_t fir_filter_type;
mp_map_elem_t fir_filter_members[2];
static MP_DEFINE_CONST_DICT(fir_filter_dict, fir_filter_members);

static size_t item_size(char typecode) {
    return typecode == 'f' ? sizeof(float) : sizeof(int16_t);
}

static size_t samples(const filter_obj_t *self, mp_obj_t obj, mp_uint_t access, mp_buffer_info_t *info) {
    mp_get_buffer_raise(obj, info, access);
    if (info->typecode != self->typecode) {
        mp_raise_TypeError(MP_ERROR_TEXT("samples must be an array of the taps' type"));
    }
    return info->len / item_size(self->typecode);
}

// A block that overlaps its output, other than being the output, would read what was just written.
static void check_pair(const mp_buffer_info_t *src, const mp_buffer_info_t *out) {
    const char *s = src->buf, *o = out->buf;
    if (out->len != src->len) {
        mp_raise_ValueError(MP_ERROR_TEXT("out must be as long as src"));
    }
    if (o != s && o < s + src->len && s < o + out->len) {
        mp_raise_ValueError(MP_ERROR_TEXT("out overlaps src"));
    }
}

static mp_obj_t fir_new(mp_obj_t taps_in) {
    mp_buffer_info_t taps;
    mp_get_buffer_raise(taps_in, &taps, MP_BUFFER_READ);
    if (taps.typecode != 'f' && taps.typecode != 'h') {
        mp_raise_TypeError(MP_ERROR_TEXT("taps must be array('f') or array('h')"));
    }
    if (taps.len == 0) {
        mp_raise_ValueError(MP_ERROR_TEXT("taps must not be empty"));
    }
    const size_t n = taps.len / item_size(taps.typecode);
    // Two tables of int16_t take the room of one of float.
    const size_t words = taps.typecode == 'f' ? 2 * n : n;
    filter_obj_t *self = mp_obj_malloc_var(filter_obj_t, storage, float, words, (mp_obj_type_t *)&fir_filter_type);
    self->typecode = taps.typecode;
    self->n = n;
    self->at = 0;
    char *storage = (char *)self->storage;
    mp_fun_table.memmove_(storage, taps.buf, taps.len);
    mp_fun_table.memset_(storage + taps.len, 0, taps.len);
    return MP_OBJ_FROM_PTR(self);
}
static MP_DEFINE_CONST_FUN_OBJ_1(fir_new_obj, fir_new);

static mp_obj_t filter_run(size_t n_args, const mp_obj_t *args) {
    filter_obj_t *self = MP_OBJ_TO_PTR(args[0]);
    mp_buffer_info_t src, out;
    const size_t len = samples(self, args[1], n_args == 2 ? MP_BUFFER_RW : MP_BUFFER_READ, &src);
    if (n_args == 3) {
        samples(self, args[2], MP_BUFFER_WRITE, &out);
        check_pair(&src, &out);
    } else {
        out = src;
    }
    if (self->typecode == 'f') {
        float *taps = self->storage;
        self->at = fir_run_f32(taps, taps + self->n, self->n, self->at, src.buf, out.buf, len);
    } else {
        int16_t *taps = (int16_t *)self->storage;
        self->at = fir_run_q15(taps, taps + self->n, self->n, self->at, src.buf, out.buf, len);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(filter_run_obj, 2, 3, filter_run);

static mp_obj_t filter_reset(mp_obj_t self_in) {
    filter_obj_t *self = MP_OBJ_TO_PTR(self_in);
    const size_t table = self->n * item_size(self->typecode);
    mp_fun_table.memset_((char *)self->storage + table, 0, table);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(filter_reset_obj, filter_reset);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY

    fir_filter_type.base.type = (void *)&mp_type_type;
    fir_filter_type.flags = MP_TYPE_FLAG_NONE;
    fir_filter_type.name = MP_QSTR_Filter;
    fir_filter_members[0] = (mp_map_elem_t) {MP_OBJ_NEW_QSTR(MP_QSTR_run), MP_OBJ_FROM_PTR(&filter_run_obj)};
    fir_filter_members[1] = (mp_map_elem_t) {MP_OBJ_NEW_QSTR(MP_QSTR_reset), MP_OBJ_FROM_PTR(&filter_reset_obj)};
    MP_OBJ_TYPE_SET_SLOT(&fir_filter_type, locals_dict, (void *)&fir_filter_dict, 0);

    mp_store_global(MP_QSTR_new, MP_OBJ_FROM_PTR(&fir_new_obj));

    MP_DYNRUNTIME_INIT_EXIT
}
