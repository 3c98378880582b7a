// level: sound level with two time weightings, and that of each hop.
//
//   meter = level.new(weights, hop)   weights: array('f') of two weights, and what is added to a level in dB
//   meter.run(src, out)               src: array('h') of whole hops; out: array('f'), three levels for each hop: of the
//                                     averages with the two weights at its end, and of its mean square
//
// An average moves by its weight times how far the square of a sample is away. Squares below 0.001 count as that.
// The averages are kept between calls. Nothing is allocated while it runs.

#include "py/dynruntime.h"

typedef struct {
    mp_obj_base_t base;
    float weights[2], averages[2], offset;
    size_t hop;
} meter_obj_t;

// mpy_ld places zero-initialised variables only when they are not static.
mp_obj_full_type_t meter_type;
mp_map_elem_t meter_members[1];
static MP_DEFINE_CONST_DICT(meter_dict, meter_members);

static void *items(mp_obj_t obj, mp_uint_t access, char typecode, size_t *n) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(obj, &info, access);
    if (info.typecode != typecode) {
        mp_raise_TypeError(MP_ERROR_TEXT("array of another type expected"));
    }
    *n = info.len / (typecode == 'h' ? 2 : 4);
    return info.buf;
}

static mp_obj_t new(mp_obj_t weights_in, mp_obj_t hop_in) {
    size_t n;
    const float *weights = items(weights_in, MP_BUFFER_READ, 'f', &n);
    const mp_int_t hop = mp_obj_get_int(hop_in);
    if (n != 3 || hop < 1) {
        mp_raise_ValueError(MP_ERROR_TEXT("two weights, an offset and a hop are wanted"));
    }
    meter_obj_t *self = mp_obj_malloc(meter_obj_t, (mp_obj_type_t *)&meter_type);
    for (size_t i = 0; i < 2; i++) {
        self->weights[i] = weights[i];
        self->averages[i] = 0.0f;
    }
    self->offset = weights[2];
    self->hop = hop;
    return MP_OBJ_FROM_PTR(self);
}
static MP_DEFINE_CONST_FUN_OBJ_2(new_obj, new);

// 10 log10(square) of normal numbers: the exponent, and of the mantissa m between 0.70 and 1.42
// ln(m) = 2 atanh(s) with s = (m - 1) / (m + 1), whose series is below 1e-9 after five terms.
static float decibels(float square) {
    union {
        float value;
        uint32_t bits;
    } m = {square > 0.001f ? square : 0.001f};
    const int32_t exponent = (int32_t)(m.bits - 0x3f350000) >> 23; // 0x3f350000 is just below the root of a half
    m.bits -= (uint32_t)exponent << 23;
    const float s = (m.value - 1.0f) / (m.value + 1.0f), t = s * s;
    const float series = s * (2.0f + t * (0.6666667f + t * (0.4f + t * (0.2857143f + t * 0.2222222f))));
    return 3.0103f * (float)exponent + 4.3429448f * series;
}

static mp_obj_t run(mp_obj_t self_in, mp_obj_t src_in, mp_obj_t out_in) {
    meter_obj_t *self = MP_OBJ_TO_PTR(self_in);
    size_t n, room;
    const int16_t *src = items(src_in, MP_BUFFER_READ, 'h', &n);
    float *out = items(out_in, MP_BUFFER_WRITE, 'f', &room);
    const size_t hops = n / self->hop;
    if (hops * self->hop != n || room != 3 * hops) {
        mp_raise_ValueError(MP_ERROR_TEXT("whole hops, and three levels for each are wanted"));
    }
    float fast = self->averages[0], slow = self->averages[1];
    for (size_t k = 0; k < hops; k++) {
        float total = 0.0f;
        for (size_t i = 0; i < self->hop; i++) {
            const float x = *src++, square = x * x;
            total += square;
            fast += self->weights[0] * (square - fast);
            slow += self->weights[1] * (square - slow);
        }
        *out++ = decibels(fast) + self->offset;
        *out++ = decibels(slow) + self->offset;
        *out++ = decibels(total / (float)self->hop) + self->offset;
    }
    self->averages[0] = fast;
    self->averages[1] = slow;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_3(run_obj, run);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY

    meter_type.base.type = (void *)&mp_type_type;
    meter_type.flags = MP_TYPE_FLAG_NONE;
    meter_type.name = MP_QSTR_Meter;
    meter_members[0] = (mp_map_elem_t) {MP_OBJ_NEW_QSTR(MP_QSTR_run), MP_OBJ_FROM_PTR(&run_obj)};
    MP_OBJ_TYPE_SET_SLOT(&meter_type, locals_dict, (void *)&meter_dict, 0);

    mp_store_global(MP_QSTR_new, MP_OBJ_FROM_PTR(&new_obj));

    MP_DYNRUNTIME_INIT_EXIT
}
