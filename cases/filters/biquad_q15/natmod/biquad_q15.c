// biquad_q15: cascaded biquads on int16, and removal of the mean.
//
//   f = biquad_q15.new(sections)   array('h') of b0, b1, b2, a0, a1, a2 a section in Q14; a0 is 16384
//   f = biquad_q15.new_dc(shift)   1 to 15: the mean moves by 1/2**shift of how far a sample is away
//   f.run(src, out)                array('h') both, of one length; out may be src
//
// Direct form I. The exact sum of 32 bits is shifted, which rounds down, and what is cut off is added to the next
// sum, so that the rounding has no mean. It begins with the mean of what is cut off, half a step. Outputs saturate; sums are exact while the output before that is below 4.0,
// beyond they wrap. The state is kept between calls. Nothing is allocated while it runs.

#include "py/dynruntime.h"

#define COLUMNS (6)
#define ONE (1 << 14)

typedef struct {
    int32_t b0, b1, b2, a1, a2;
    int32_t x1, x2, y1, y2, cut;
} section_t;

typedef struct {
    mp_obj_base_t base;
    uint32_t shift; // 0: sections; above it the mean, in as many more bits
    int32_t mean;
    size_t count;
    section_t sections[];
} filter_obj_t;

// mpy_ld places zero-initialised variables only when they are not static.
mp_obj_full_type_t filter_type;
mp_map_elem_t filter_members[1];
static MP_DEFINE_CONST_DICT(filter_dict, filter_members);

static int16_t *items(mp_obj_t obj, mp_uint_t access, size_t *len) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(obj, &info, access);
    if (info.typecode != 'h') {
        mp_raise_TypeError(MP_ERROR_TEXT("expected array('h')"));
    }
    *len = info.len / sizeof(int16_t);
    return info.buf;
}

static filter_obj_t *made(size_t count) {
    filter_obj_t *self = mp_obj_malloc_var(filter_obj_t, sections, section_t, count, (mp_obj_type_t *)&filter_type);
    self->count = count;
    self->shift = 0;
    self->mean = 0;
    return self;
}

static mp_obj_t new(mp_obj_t sections_in) {
    size_t len;
    const int16_t *from = items(sections_in, MP_BUFFER_READ, &len);
    if (len == 0 || len % COLUMNS != 0) {
        mp_raise_ValueError(MP_ERROR_TEXT("sections must hold 6 numbers each"));
    }
    for (size_t i = 3; i < len; i += COLUMNS) {
        if (from[i] != ONE) {
            mp_raise_ValueError(MP_ERROR_TEXT("a0 of every section must be 16384"));
        }
    }
    filter_obj_t *self = made(len / COLUMNS);
    for (size_t i = 0; i < self->count; i++, from += COLUMNS) {
        self->sections[i] = (section_t) {from[0], from[1], from[2], from[4], from[5], 0, 0, 0, 0, ONE / 2};
    }
    return MP_OBJ_FROM_PTR(self);
}
static MP_DEFINE_CONST_FUN_OBJ_1(new_obj, new);

static mp_obj_t new_dc(mp_obj_t shift_in) {
    const mp_int_t shift = mp_obj_get_int(shift_in);
    if (shift < 1 || shift > 15) {
        mp_raise_ValueError(MP_ERROR_TEXT("shift must be 1 to 15"));
    }
    filter_obj_t *self = made(0);
    self->shift = shift;
    self->mean = 1 << (shift - 1);
    return MP_OBJ_FROM_PTR(self);
}
static MP_DEFINE_CONST_FUN_OBJ_1(new_dc_obj, new_dc);

static int32_t saturated(int32_t v) {
    return v > 32767 ? 32767 : v < -32768 ? -32768 : v;
}

static void run_section(section_t *at, const int16_t *src, int16_t *out, size_t n) {
    section_t s = *at;
    for (size_t i = 0; i < n; i++) {
        const int32_t x = src[i];
        // Without a sign, because it may wrap on its way.
        const uint32_t total = (uint32_t)(s.b0 * x) + (uint32_t)(s.b1 * s.x1) + (uint32_t)(s.b2 * s.x2)
            - (uint32_t)(s.a1 * s.y1) - (uint32_t)(s.a2 * s.y2) + (uint32_t)s.cut;
        s.cut = total & (ONE - 1);
        s.x2 = s.x1;
        s.x1 = x;
        s.y2 = s.y1;
        s.y1 = saturated((int32_t)total >> 14);
        out[i] = s.y1;
    }
    *at = s;
}

static mp_obj_t run(mp_obj_t self_in, mp_obj_t src_in, mp_obj_t out_in) {
    filter_obj_t *self = MP_OBJ_TO_PTR(self_in);
    size_t n, outputs;
    const int16_t *src = items(src_in, MP_BUFFER_READ, &n);
    int16_t *out = items(out_in, MP_BUFFER_WRITE, &outputs);
    if (n != outputs) {
        mp_raise_ValueError(MP_ERROR_TEXT("out must be as long as src"));
    }
    if (out != src && out < src + n && src < out + n) {
        mp_raise_ValueError(MP_ERROR_TEXT("out overlaps src"));
    }
    if (self->shift != 0) {
        int32_t mean = self->mean;
        for (size_t i = 0; i < n; i++) {
            const int32_t y = src[i] - (mean >> self->shift);
            mean += y;
            out[i] = saturated(y);
        }
        self->mean = mean;
        return mp_const_none;
    }
    for (size_t k = 0; k < self->count; k++, src = out) {
        run_section(&self->sections[k], src, out, n);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_3(run_obj, run);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY

    filter_type.base.type = (void *)&mp_type_type;
    filter_type.flags = MP_TYPE_FLAG_NONE;
    filter_type.name = MP_QSTR_Filter;
    filter_members[0] = (mp_map_elem_t) {MP_OBJ_NEW_QSTR(MP_QSTR_run), MP_OBJ_FROM_PTR(&run_obj)};
    MP_OBJ_TYPE_SET_SLOT(&filter_type, locals_dict, (void *)&filter_dict, 0);

    mp_store_global(MP_QSTR_new, MP_OBJ_FROM_PTR(&new_obj));
    mp_store_global(MP_QSTR_new_dc, MP_OBJ_FROM_PTR(&new_dc_obj));

    MP_DYNRUNTIME_INIT_EXIT
}
