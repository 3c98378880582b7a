// fft_q15: a radix-2 transform of integers of 16 bits, as a block with one exponent.
//
//   transform(src, table, out)   array('h') all: n complex numbers, real part first; a table of n/2
//                                twiddle factors, minus cosine and minus sine of each in 1/32768; out has
//                                2*n + 1 numbers, the spectrum and behind it the exponent
//
// n is 2 to 32768, a power of two. The spectrum is what stands in out times two to the exponent. Before each
// stage all numbers are shifted down by one or two bits where a sum of it might not fit 16: nothing wraps and
// nothing saturates, whatever the input is. Each sum is rounded once, halves up, and so is each number that
// is shifted. Nothing is allocated; src and out may be the same memory where they begin alike, not otherwise.

#include "py/dynruntime.h"

#define MAX_LENGTH (32768)

static int16_t *halfwords(mp_obj_t obj, mp_uint_t access, size_t *len) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(obj, &info, access);
    if (info.typecode != 'h') {
        mp_raise_TypeError(MP_ERROR_TEXT("expected array('h')"));
    }
    *len = info.len / sizeof(int16_t);
    return info.buf;
}

// Swap what has reversed bits of its index for an index.
static void reorder(int16_t *x, size_t n) {
    for (size_t i = 0, j = 0; i < n; i++) {
        if (i < j) {
            const int16_t re = x[2 * i], im = x[2 * i + 1];
            x[2 * i] = x[2 * j];
            x[2 * i + 1] = x[2 * j + 1];
            x[2 * j] = re;
            x[2 * j + 1] = im;
        }
        size_t bit = n >> 1;
        while (bit != 0 && (j & bit)) {
            j ^= bit;
            bit >>= 1;
        }
        j |= bit;
    }
}

static inline int32_t greater(int32_t most, int32_t value) {
    const int32_t size = value < 0 ? -value : value;
    return size > most ? size : most;
}

// How many bits a stage has to shift down: a part of a sum is at most 1 + sqrt(2) times the greatest part.
static int shift_for(int32_t most) {
    return most <= 13572 ? 0 : most <= 27144 ? 1 : 2;
}

// Do a stage, and return the greatest part of what it made.
static int32_t stage(int16_t *x, const int16_t *table, size_t n, size_t half, int by) {
    const int32_t rounding = (1 << by) >> 1;
    const size_t step = n / half;
    int32_t most = 0;
    for (size_t k = 0; k < half; k++, table += step) {
        const int32_t c = table[0], s = table[1];
        int16_t *const end = x + 2 * n;
        for (int16_t *a = x + 2 * k; a < end; a += 4 * half) {
            int16_t *const b = a + 2 * half;
            const int32_t br = (b[0] + rounding) >> by, bi = (b[1] + rounding) >> by;
            const int32_t tr = c * br + s * bi, ti = s * br - c * bi;
            const int32_t ar = ((a[0] + rounding) >> by) * 32768 + 0x4000;
            const int32_t ai = ((a[1] + rounding) >> by) * 32768 + 0x4000;
            most = greater(most, a[0] = (ar - tr) >> 15);
            most = greater(most, a[1] = (ai + ti) >> 15);
            most = greater(most, b[0] = (ar + tr) >> 15);
            most = greater(most, b[1] = (ai - ti) >> 15);
        }
    }
    return most;
}

static mp_obj_t transform(mp_obj_t src_in, mp_obj_t table_in, mp_obj_t out_in) {
    size_t src_len, n, out_len;
    const int16_t *src = halfwords(src_in, MP_BUFFER_READ, &src_len);
    const int16_t *table = halfwords(table_in, MP_BUFFER_READ, &n);
    int16_t *out = halfwords(out_in, MP_BUFFER_WRITE, &out_len);
    if (n < 2 || n > MAX_LENGTH || (n & (n - 1)) != 0) {
        mp_raise_ValueError(MP_ERROR_TEXT("table must have a power of two of numbers, 2 to 32768"));
    }
    if (src_len != 2 * n || out_len != 2 * n + 1) {
        mp_raise_ValueError(MP_ERROR_TEXT("src, table and out do not fit each other"));
    }
    mp_fun_table.memmove_(out, src, 2 * n * sizeof(int16_t));
    reorder(out, n);
    int32_t most = 0;
    for (size_t i = 0; i < 2 * n; i++) {
        most = greater(most, out[i]);
    }
    int exponent = 0;
    for (size_t half = 1; half < n; half *= 2) {
        const int by = shift_for(most);
        exponent += by;
        most = stage(out, table, n, half, by);
    }
    out[2 * n] = exponent;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_3(transform_obj, transform);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY

    mp_store_global(MP_QSTR_transform, MP_OBJ_FROM_PTR(&transform_obj));

    MP_DYNRUNTIME_INIT_EXIT
}
