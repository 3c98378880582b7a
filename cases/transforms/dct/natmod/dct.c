// dct: the orthonormal DCT-II of a block, as the plain sum.
//
//   dct(src, table, out)       array('f') all: n samples and n coefficients; the table has sqrt(2/n) times
//                              cos(2*pi*m / (4*n)) for m below 4*n, and behind them sqrt(1/n)
//   dct_q16(src, table, out)   array('h') all: samples of 12 bits, the table in 1/65536; each sum is
//                              rounded once
//
// Nothing is allocated. 32 bits hold the sums of 32 samples of 12 bits; beyond that they wrap.

#include "py/dynruntime.h"

static size_t arrays(const mp_obj_t *args, char typecode, size_t size, void **items) {
    size_t n[3];
    for (size_t i = 0; i < 3; i++) {
        mp_buffer_info_t info;
        mp_get_buffer_raise(args[i], &info, i == 2 ? MP_BUFFER_WRITE : MP_BUFFER_READ);
        if (info.typecode != typecode) {
            mp_raise_TypeError(MP_ERROR_TEXT("array of another type expected"));
        }
        items[i] = info.buf;
        n[i] = info.len / size;
    }
    const char *src = items[0], *out = items[2];
    if (n[0] == 0 || n[1] != 4 * n[0] + 1 || n[2] != n[0]) {
        mp_raise_ValueError(MP_ERROR_TEXT("src, table and out do not fit each other"));
    }
    if (out < src + n[0] * size && src < out + n[0] * size) {
        mp_raise_ValueError(MP_ERROR_TEXT("out overlaps src"));
    }
    return n[0];
}

static mp_obj_t dct(size_t n_args, const mp_obj_t *args) {
    void *items[3];
    const size_t n = arrays(args, 'f', sizeof(float), items), turn = 4 * n;
    const float *src = items[0], *table = items[1];
    float *out = items[2], total = 0.0f;
    for (size_t i = 0; i < n; i++) {
        total += src[i];
    }
    out[0] = total * table[turn];
    for (size_t k = 1; k < n; k++) {
        total = 0.0f;
        for (size_t i = 0, at = k; i < n; i++) {
            total += src[i] * table[at];
            at += 2 * k;
            at -= at >= turn ? turn : 0;
        }
        out[k] = total;
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(dct_obj, 3, 3, dct);

static mp_obj_t dct_q16(size_t n_args, const mp_obj_t *args) {
    void *items[3];
    const size_t n = arrays(args, 'h', sizeof(int16_t), items), turn = 4 * n;
    const int16_t *src = items[0], *table = items[1];
    int16_t *out = items[2];
    uint32_t total = 0; // without a sign, because it may wrap
    for (size_t i = 0; i < n; i++) {
        total += src[i];
    }
    out[0] = (int32_t)(total * table[turn] + 0x8000) >> 16;
    for (size_t k = 1; k < n; k++) {
        total = 0x8000;
        for (size_t i = 0, at = k; i < n; i++) {
            total += src[i] * table[at];
            at += 2 * k;
            at -= at >= turn ? turn : 0;
        }
        out[k] = (int32_t)total >> 16;
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(dct_q16_obj, 3, 3, dct_q16);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY

    mp_store_global(MP_QSTR_dct, MP_OBJ_FROM_PTR(&dct_obj));
    mp_store_global(MP_QSTR_dct_q16, MP_OBJ_FROM_PTR(&dct_q16_obj));

    MP_DYNRUNTIME_INIT_EXIT
}
