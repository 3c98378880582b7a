// text_bytes: bytes as text and back, into a buffer that is there.
//
//   hex_encode(src, out), hex_decode(src, out)         two characters a byte; both cases are read, small ones written
//   base64_encode(src, out), base64_decode(src, out)   four characters for three bytes, "=" where the end has fewer
//
// src and out are buffers of bytes that do not overlap; the number of bytes follows from out when decoding. A
// character that is none of the digits is a ValueError; what came before it is in out then. Nothing is allocated.

#include "py/dynruntime.h"

typedef struct {
    const uint8_t *src;
    uint8_t *out;
    size_t n;
} buffers_t;

// Two buffers: n bytes, and text of n / per (rounded up) times chars characters.
static buffers_t buffers(mp_obj_t src_in, mp_obj_t out_in, bool decode, size_t per, size_t chars) {
    mp_buffer_info_t src, out;
    mp_get_buffer_raise(src_in, &src, MP_BUFFER_READ);
    mp_get_buffer_raise(out_in, &out, MP_BUFFER_WRITE);
    const size_t n = decode ? out.len : src.len;
    if ((decode ? src.len : out.len) != (n + per - 1) / per * chars) {
        mp_raise_ValueError(MP_ERROR_TEXT("text and bytes of these lengths do not fit"));
    }
    return (buffers_t) {src.buf, out.buf, n};
}

static uint8_t hex_digit(unsigned v) {
    return v < 10 ? '0' + v : 'a' - 10 + v;
}

static unsigned hex_value(unsigned c) {
    if (c - '0' < 10) {
        return c - '0';
    }
    c |= 0x20;
    if (c - 'a' < 6) {
        return c - 'a' + 10;
    }
    mp_raise_ValueError(MP_ERROR_TEXT("no hex digit"));
}

static mp_obj_t hex_encode(mp_obj_t src, mp_obj_t out) {
    const buffers_t b = buffers(src, out, false, 1, 2);
    for (size_t i = 0; i < b.n; i++) {
        b.out[2 * i] = hex_digit(b.src[i] >> 4);
        b.out[2 * i + 1] = hex_digit(b.src[i] & 15);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(hex_encode_obj, hex_encode);

static mp_obj_t hex_decode(mp_obj_t src, mp_obj_t out) {
    const buffers_t b = buffers(src, out, true, 1, 2);
    for (size_t i = 0; i < b.n; i++) {
        b.out[i] = hex_value(b.src[2 * i]) << 4 | hex_value(b.src[2 * i + 1]);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(hex_decode_obj, hex_decode);

static uint8_t digit(unsigned v) {
    v &= 63;
    return v < 26 ? 'A' + v : v < 52 ? 'a' - 26 + v : v < 62 ? '0' - 52 + v : v == 62 ? '+' : '/';
}

static unsigned value(unsigned c) {
    if (c - 'A' < 26) {
        return c - 'A';
    }
    if (c - 'a' < 26) {
        return c - 'a' + 26;
    }
    if (c - '0' < 10) {
        return c - '0' + 52;
    }
    if (c == '+' || c == '/') {
        return c == '+' ? 62 : 63;
    }
    mp_raise_ValueError(MP_ERROR_TEXT("no base64 digit"));
}

static mp_obj_t base64_encode(mp_obj_t src, mp_obj_t out) {
    const buffers_t b = buffers(src, out, false, 3, 4);
    uint8_t *to = b.out;
    for (size_t at = 0; at < b.n; at += 3, to += 4) {
        const size_t left = b.n - at;
        const unsigned v = b.src[at] << 16 | (left > 1 ? b.src[at + 1] << 8 : 0) | (left > 2 ? b.src[at + 2] : 0);
        to[0] = digit(v >> 18);
        to[1] = digit(v >> 12);
        to[2] = left > 1 ? digit(v >> 6) : '=';
        to[3] = left > 2 ? digit(v) : '=';
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(base64_encode_obj, base64_encode);

static mp_obj_t base64_decode(mp_obj_t src, mp_obj_t out) {
    const buffers_t b = buffers(src, out, true, 3, 4);
    const uint8_t *at = b.src;
    for (size_t to = 0; to < b.n; to += 3, at += 4) {
        const size_t left = b.n - to;
        if ((left < 2 && at[2] != '=') || (left < 3 && at[3] != '=')) {
            mp_raise_ValueError(MP_ERROR_TEXT("no base64 digit"));
        }
        const unsigned high = value(at[0]) << 6 | value(at[1]);
        const unsigned v = high << 12 | (left > 1 ? value(at[2]) << 6 : 0) | (left > 2 ? value(at[3]) : 0);
        b.out[to] = v >> 16;
        if (left > 1) {
            b.out[to + 1] = v >> 8;
        }
        if (left > 2) {
            b.out[to + 2] = v;
        }
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(base64_decode_obj, base64_decode);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY

    mp_store_global(MP_QSTR_hex_encode, MP_OBJ_FROM_PTR(&hex_encode_obj));
    mp_store_global(MP_QSTR_hex_decode, MP_OBJ_FROM_PTR(&hex_decode_obj));
    mp_store_global(MP_QSTR_base64_encode, MP_OBJ_FROM_PTR(&base64_encode_obj));
    mp_store_global(MP_QSTR_base64_decode, MP_OBJ_FROM_PTR(&base64_decode_obj));

    MP_DYNRUNTIME_INIT_EXIT
}
