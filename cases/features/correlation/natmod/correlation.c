// correlation: how well a pattern fits each place of a signal.
//
//   correlate(x, pattern, out)       array('h'), array('h'), array('i'): sums of x[k + i] * pattern[i]
//   correlate_f32(x, pattern, out)   array('f') all
//   lag(x, pattern, out)             as correlate; the first place of the greatest sum, and that sum, into two array('i')
//
// The pattern has one item or more and is no longer than x; out has one for each place, len(x) - len(pattern) + 1.
// Sums of integers have 32 bits and wrap beyond. Nothing is allocated.

#include "py/dynruntime.h"

#ifdef __XTENSA__ // GCC copies a structure with it there
void *memcpy(void *to, const void *from, size_t n) {
    return mp_fun_table.memmove_(to, from, n);
}
#endif

typedef struct {
    const void *x, *pattern;
    void *out;
    size_t n, lags;
} arrays_t;

static void *items(mp_obj_t obj, mp_uint_t access, char typecode, size_t *n) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(obj, &info, access);
    if (info.typecode != typecode) {
        mp_raise_TypeError(MP_ERROR_TEXT("array of another type expected"));
    }
    *n = info.len / (typecode == 'h' ? 2 : 4);
    return info.buf;
}

static arrays_t arrays(const mp_obj_t *args, char in, char out, size_t outputs) {
    size_t samples, room;
    arrays_t a;
    a.x = items(args[0], MP_BUFFER_READ, in, &samples);
    a.pattern = items(args[1], MP_BUFFER_READ, in, &a.n);
    a.out = items(args[2], MP_BUFFER_WRITE, out, &room);
    if (a.n == 0 || a.n > samples) {
        mp_raise_ValueError(MP_ERROR_TEXT("the pattern must be no longer than x"));
    }
    a.lags = samples - a.n + 1;
    if (room != (outputs ? outputs : a.lags)) {
        mp_raise_ValueError(MP_ERROR_TEXT("out is of the wrong length"));
    }
    return a;
}

static int32_t sum(const int16_t *x, const int16_t *pattern, size_t n) {
    uint32_t total = 0; // without a sign, because it may wrap
    while (n-- > 0) {
        total += *x++ * *pattern++;
    }
    return total;
}

static mp_obj_t correlate(size_t n_args, const mp_obj_t *args) {
    const arrays_t a = arrays(args, 'h', 'i', 0);
    for (size_t k = 0; k < a.lags; k++) {
        ((int32_t *)a.out)[k] = sum((const int16_t *)a.x + k, a.pattern, a.n);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(correlate_obj, 3, 3, correlate);

static mp_obj_t correlate_f32(size_t n_args, const mp_obj_t *args) {
    const arrays_t a = arrays(args, 'f', 'f', 0);
    for (size_t k = 0; k < a.lags; k++) {
        const float *x = (const float *)a.x + k, *pattern = a.pattern;
        float total = 0.0f;
        for (size_t i = 0; i < a.n; i++) {
            total += x[i] * pattern[i];
        }
        ((float *)a.out)[k] = total;
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(correlate_f32_obj, 3, 3, correlate_f32);

static mp_obj_t lag(size_t n_args, const mp_obj_t *args) {
    const arrays_t a = arrays(args, 'h', 'i', 2);
    int32_t best = 0, at = 0;
    for (size_t k = 0; k < a.lags; k++) {
        const int32_t total = sum((const int16_t *)a.x + k, a.pattern, a.n);
        if (k == 0 || total > best) {
            best = total;
            at = k;
        }
    }
    ((int32_t *)a.out)[0] = at;
    ((int32_t *)a.out)[1] = best;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(lag_obj, 3, 3, lag);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY

    mp_store_global(MP_QSTR_correlate, MP_OBJ_FROM_PTR(&correlate_obj));
    mp_store_global(MP_QSTR_correlate_f32, MP_OBJ_FROM_PTR(&correlate_f32_obj));
    mp_store_global(MP_QSTR_lag, MP_OBJ_FROM_PTR(&lag_obj));

    MP_DYNRUNTIME_INIT_EXIT
}
