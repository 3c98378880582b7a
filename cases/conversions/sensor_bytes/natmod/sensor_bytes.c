// sensor_bytes: bytes as sensors send them, to signed integers.
//
//   int16_le(src, out), int16_be(src, out)    two bytes a number, out is array('h')
//   int24_le(src, out), int24_be(src, out)    three bytes a number, out is array('i')
//   int12(src, out)                           two numbers in three bytes, the first in the lower 12 bits; array('h')
//
// src is any buffer and holds at least as many bytes as out needs; it need not be aligned. Nothing is allocated.

#include "py/dynruntime.h"

typedef struct {
    const uint8_t *src;
    void *out;
    size_t n;
} buffers_t;

static buffers_t buffers(mp_obj_t src_in, mp_obj_t out_in, char typecode, size_t bits) {
    mp_buffer_info_t src, out;
    mp_get_buffer_raise(src_in, &src, MP_BUFFER_READ);
    mp_get_buffer_raise(out_in, &out, MP_BUFFER_WRITE);
    if (out.typecode != typecode) {
        mp_raise_TypeError(typecode == 'h' ? MP_ERROR_TEXT("expected array('h')") : MP_ERROR_TEXT("expected array('i')"));
    }
    const size_t n = out.len / (typecode == 'h' ? 2 : 4);
    if ((bits == 12 && n % 2 != 0) || src.len * 8 < n * bits) {
        mp_raise_ValueError(MP_ERROR_TEXT("src is too short for out"));
    }
    return (buffers_t) {src.buf, out.buf, n};
}

static mp_obj_t int16_le(mp_obj_t src, mp_obj_t out) {
    const buffers_t b = buffers(src, out, 'h', 16);
    int16_t *to = b.out;
    for (const uint8_t *at = b.src; to < (int16_t *)b.out + b.n; at += 2) {
        *to++ = (int16_t)(at[0] | at[1] << 8);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(int16_le_obj, int16_le);

static mp_obj_t int16_be(mp_obj_t src, mp_obj_t out) {
    const buffers_t b = buffers(src, out, 'h', 16);
    int16_t *to = b.out;
    for (const uint8_t *at = b.src; to < (int16_t *)b.out + b.n; at += 2) {
        *to++ = (int16_t)(at[0] << 8 | at[1]);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(int16_be_obj, int16_be);

static mp_obj_t int24_le(mp_obj_t src, mp_obj_t out) {
    const buffers_t b = buffers(src, out, 'i', 24);
    int32_t *to = b.out;
    for (const uint8_t *at = b.src; to < (int32_t *)b.out + b.n; at += 3) {
        *to++ = (int32_t)((uint32_t)at[0] << 8 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 24) >> 8;
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(int24_le_obj, int24_le);

static mp_obj_t int24_be(mp_obj_t src, mp_obj_t out) {
    const buffers_t b = buffers(src, out, 'i', 24);
    int32_t *to = b.out;
    for (const uint8_t *at = b.src; to < (int32_t *)b.out + b.n; at += 3) {
        *to++ = (int32_t)((uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8) >> 8;
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(int24_be_obj, int24_be);

static mp_obj_t int12(mp_obj_t src, mp_obj_t out) {
    const buffers_t b = buffers(src, out, 'h', 12);
    int16_t *to = b.out;
    for (const uint8_t *at = b.src; to < (int16_t *)b.out + b.n; at += 3) {
        *to++ = (int16_t)((at[0] | at[1] << 8) << 4) >> 4;
        *to++ = (int16_t)(at[1] | at[2] << 8) >> 4;
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(int12_obj, int12);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY

    mp_store_global(MP_QSTR_int16_le, MP_OBJ_FROM_PTR(&int16_le_obj));
    mp_store_global(MP_QSTR_int16_be, MP_OBJ_FROM_PTR(&int16_be_obj));
    mp_store_global(MP_QSTR_int24_le, MP_OBJ_FROM_PTR(&int24_le_obj));
    mp_store_global(MP_QSTR_int24_be, MP_OBJ_FROM_PTR(&int24_be_obj));
    mp_store_global(MP_QSTR_int12, MP_OBJ_FROM_PTR(&int12_obj));

    MP_DYNRUNTIME_INIT_EXIT
}
