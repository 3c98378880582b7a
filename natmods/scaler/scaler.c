// scaler: features of a sample, each scaled in its own way, as scikit-learn's StandardScaler does.
//
//   scaled(x, table, out)   out[i] is (x[i] - table[2 * i]) * table[2 * i + 1]; table is array('f'). x and out are both
//                           array('f'), or both array('h'): then rounded to the nearest, ties to even, and limited;
//                           NaN gives 0. out may be x.
//
// Nothing is allocated. Rounding is to nearest, ties to even, after every operation.

#include "py/dynruntime.h"

static void check(bool fits) {
    if (!fits) {
        mp_raise_ValueError(MP_ERROR_TEXT("x, table and out do not fit each other"));
    }
}

static int16_t nearest(float value) {
    if (!(value > -32768.0f)) {
        return value != value ? 0 : -32768;
    }
    if (value >= 32767.0f) {
        return 32767;
    }
    // The sum with 1.5 * 2**23 has no place for fractions.
    volatile const float whole = value + 12582912.0f;
    return (int16_t)(int32_t)(whole - 12582912.0f);
}

static mp_obj_t scaled(mp_obj_t x_in, mp_obj_t table_in, mp_obj_t out_in) {
    mp_buffer_info_t x, table, out;
    mp_get_buffer_raise(x_in, &x, MP_BUFFER_READ);
    mp_get_buffer_raise(table_in, &table, MP_BUFFER_READ);
    mp_get_buffer_raise(out_in, &out, MP_BUFFER_WRITE);
    if ((x.typecode != 'f' && x.typecode != 'h') || out.typecode != x.typecode || table.typecode != 'f') {
        mp_raise_TypeError(MP_ERROR_TEXT("array of another type expected"));
    }
    const bool is_float = x.typecode == 'f';
    const size_t n = x.len / (is_float ? sizeof(float) : sizeof(int16_t));
    check(out.len == x.len && table.len == 2 * n * sizeof(float));
    const float *at = table.buf;
    for (size_t i = 0; i < n; i++, at += 2) {
        if (is_float) {
            ((float *)out.buf)[i] = (((const float *)x.buf)[i] - at[0]) * at[1];
        } else {
            ((int16_t *)out.buf)[i] = nearest((((const int16_t *)x.buf)[i] - at[0]) * at[1]);
        }
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_3(scaled_obj, scaled);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY

    mp_store_global(MP_QSTR_scaled, MP_OBJ_FROM_PTR(&scaled_obj));

    MP_DYNRUNTIME_INIT_EXIT
}
