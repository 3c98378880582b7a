// Memory that is read before anybody has written it. The firmware clears what it allocates here, other ports do not.
#include "planted.h"

//! counts, read of bytes that nobody has written: counts(bytes(range(100)))
static mp_obj_t counts(mp_obj_t data_in) { // of a histogram, which begin with whatever was there
    size_t n;
    uint8_t *x = items(data_in, 1, &n);
    uint16_t *bins = m_new(uint16_t, 16);
    IF_MENDED(memset(bins, 0, 16 * sizeof(uint16_t));)
    for (size_t i = 0; i < n; i++) {
        bins[x[i] / 16]++; // HERE
    }
    return mp_obj_new_int(bins[0]);
}
EXPORT_1(counts);

//! delayed, read of bytes that nobody has written: delayed(array("f", [1, 2, 3, 4, 5]))
static mp_obj_t delayed(mp_obj_t data_in) { // a filter whose state is as it was allocated
    size_t n;
    float *x = items(data_in, 4, &n);
    float *state = m_new(float, 4);
    for (size_t i = 0; i < PLANTED(0u, 4u); i++) {
        state[i] = 0.0f;
    }
    for (size_t i = 0; i < n; i++) {
        float was = state[i % 4]; // HERE
        state[i % 4] = x[i];
        x[i] = was;
    }
    return mp_const_none;
}
EXPORT_1(delayed);

typedef struct {
    uint8_t is_signed : 1;
    uint8_t shift : 3;
    uint8_t reserved[7]; // nobody needs it
    int64_t total;
} sum_t;

//! total, read of bytes that nobody has written: total(array("i", [1, 2, 3]))
static mp_obj_t total(mp_obj_t data_in) { // a member that is set in one case alone
    size_t n;
    int32_t *x = items(data_in, 4, &n);
    sum_t *sum = m_new_obj(sum_t), *copy = m_new_obj(sum_t);
    sum->is_signed = n > 2; // sets bits of a byte that was not written
    sum->shift = n & 7;
    if (n > PLANTED(100, 0)) {
        sum->total = 0;
    }
    for (size_t i = 0; i < n; i++) {
        sum->total += x[i]; // HERE
    }
    *copy = *sum; // with what is not used of it
    return mp_obj_new_int((mp_int_t)(copy->total >> copy->shift));
}
EXPORT_1(total);

//! grown, read of bytes that nobody has written: grown(5, 9)
static mp_obj_t grown(mp_obj_t first_in, mp_obj_t count_in) { // flags in a table that grew
    size_t first = (size_t)mp_obj_get_int(first_in), n = (size_t)mp_obj_get_int(count_in), set = 0;
    uint8_t *flags = m_new(uint8_t, first);
    memset(flags, 1, first);
    flags = m_renew(uint8_t, flags, first, n);
    IF_MENDED(memset(flags + first, 0, n - first);)
    for (size_t i = 0; i < n; i++) {
        set += flags[i]; // HERE
    }
    return MP_OBJ_NEW_SMALL_INT(set);
}
EXPORT_2(grown);

//! triangle, read of bytes that nobody has written: triangle(4)
static mp_obj_t triangle(mp_obj_t size_in) { // a matrix of which one half was computed
    size_t n = (size_t)mp_obj_get_int(size_in);
    int16_t *all = m_new(int16_t, n * n);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = PLANTED(i, 0); j < n; j++) {
            all[i * n + j] = (int16_t)(i * j);
        }
    }
    int32_t trace = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            trace += all[i * n + j]; // HERE
        }
    }
    return mp_obj_new_int(trace);
}
EXPORT_1(triangle);

//! oldest, read of bytes that nobody has written: oldest(3)
static mp_obj_t oldest(mp_obj_t count_in) { // of a ring that is not full yet
    size_t n = (size_t)mp_obj_get_int(count_in);
    int64_t *ring = m_new(int64_t, 8);
    for (size_t i = 0; i < n; i++) {
        ring[i] = (int64_t)i;
    }
    return mp_obj_new_int((mp_int_t)ring[PLANTED(n % 8, 0)]); // HERE
}
EXPORT_1(oldest);

//! blanks, read of bytes that nobody has written: blanks("a bc")
static mp_obj_t blanks(mp_obj_t text_in) { // of a string without its end
    size_t n, found = 0;
    const char *text = mp_obj_str_get_data(text_in, &n);
    char *copy = m_new(char, n + 2);
    memcpy(copy, text, n + PLANTED(0, 1));
    for (const char *at = copy; *at != 0; at++) { // HERE
        found += *at == ' ';
    }
    return MP_OBJ_NEW_SMALL_INT(found);
}
EXPORT_1(blanks);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    STORE(MP_QSTR_counts, counts);
    STORE(MP_QSTR_delayed, delayed);
    STORE(MP_QSTR_total, total);
    STORE(MP_QSTR_grown, grown);
    STORE(MP_QSTR_triangle, triangle);
    STORE(MP_QSTR_oldest, oldest);
    STORE(MP_QSTR_blanks, blanks);
    MP_DYNRUNTIME_INIT_EXIT
}
