// Buffers that are freed, moved or collected while somebody has a pointer into them.
#include "planted.h"

uint8_t *kept_bytes;
int16_t *kept_halves;
int32_t *kept_words;
size_t kept_count;
int32_t *kept_inside;

//! keep_bytes, use after free: keep_bytes(bytearray(40)); gc.collect(); keep_bytes(None)
static mp_obj_t keep_bytes(mp_obj_t data_in) { // the object is garbage, and its bytes with it
    if (data_in != mp_const_none) {
        size_t n;
        kept_bytes = items(data_in, 1, &n);
        IF_MENDED(kept_bytes = m_malloc(40);)
        kept_bytes[0] = 1;
        kept_count = (size_t)(kept_bytes + 20);
        IF_PLANTED(kept_bytes = NULL;)
        return mp_const_none;
    }
    ((uint8_t *)kept_count)[0]++; // HERE
    return mp_const_none;
}
EXPORT_1(keep_bytes);

//! resized, use after free: resized(b := array("i", range(10)), lambda: b.extend(bytes(4000)))
static mp_obj_t resized(mp_obj_t data_in, mp_obj_t callback) { // Python makes the array longer in the meantime
    size_t n;
    int32_t *x = items(data_in, 4, &n);
    x[0] = 1;
    mp_call_function_n_kw(callback, 0, 0, NULL);
    IF_MENDED(x = items(data_in, 4, &n);)
    x[1] = 2; // HERE
    return mp_const_none;
}
EXPORT_2(resized);

//! extended, use after free: extended(a := array("h", range(20))); a.extend(array("h", range(400))); extended(None)
static mp_obj_t extended(mp_obj_t data_in) { // another call, of what native code has not touched before
    if (data_in != mp_const_none) {
        kept_halves = items(data_in, 2, &kept_count);
        IF_MENDED(kept_halves = m_new(int16_t, kept_count);)
        return mp_const_none;
    }
    int32_t sum = 0;
    for (size_t i = 0; i < kept_count; i++) {
        sum += kept_halves[i]; // HERE
    }
    return mp_obj_new_int(sum);
}
EXPORT_1(extended);

//! grown_bytes, use after free: grown_bytes(b := bytearray(16), lambda: grow(b))
static mp_obj_t grown_bytes(mp_obj_t data_in, mp_obj_t callback) {
    size_t n;
    uint8_t *x = items(data_in, 1, &n);
    uint8_t first = x[0];
    mp_call_function_n_kw(callback, 0, 0, NULL);
    IF_MENDED(x = items(data_in, 1, &n);)
    return MP_OBJ_NEW_SMALL_INT(first + x[3]); // HERE
}
EXPORT_2(grown_bytes);

//! renewed, use after free: renewed(12)
static mp_obj_t renewed(mp_obj_t count_in) { // m_renew may move
    size_t n = (size_t)mp_obj_get_int(count_in);
    int16_t *x = m_new(int16_t, n);
    int16_t *barrier = m_new(int16_t, n);
    x[0] = 5;
    barrier[0] = 6;
    int16_t *y = m_renew(int16_t, x, n, 40 * n);
    y[1] = PLANTED(x, y)[0]; // HERE
    return MP_OBJ_NEW_SMALL_INT(y[1] + barrier[0]);
}
EXPORT_1(renewed);

//! renewed_shorter, overrun: renewed_shorter(40)
static mp_obj_t renewed_shorter(mp_obj_t count_in) {
    size_t n = (size_t)mp_obj_get_int(count_in);
    int32_t *x = m_new(int32_t, n);
    x = m_renew(int32_t, x, n, n / 2 + 1);
    for (size_t i = 0; i < PLANTED(n, n / 2); i++) {
        x[i] = 7; // HERE
    }
    return mp_const_none;
}
EXPORT_1(renewed_shorter);

//! freed, use after free: freed(6)
static mp_obj_t freed(mp_obj_t count_in) {
    size_t n = (size_t)mp_obj_get_int(count_in);
    int64_t *x = m_new(int64_t, n);
    x[1] = 3;
    IF_PLANTED(m_del(int64_t, x, n);)
    mp_obj_t result = MP_OBJ_NEW_SMALL_INT((mp_int_t)x[1]); // HERE
    IF_MENDED(m_del(int64_t, x, n);)
    return result;
}
EXPORT_1(freed);

//! freed_twice, double free: freed_twice(6)
static mp_obj_t freed_twice(mp_obj_t count_in) {
    size_t n = (size_t)mp_obj_get_int(count_in);
    uint8_t *x = m_new(uint8_t, n);
    x[0] = 3;
    m_del(uint8_t, x, n);
    IF_PLANTED(m_del(uint8_t, x, n);) // HERE
    return mp_const_none;
}
EXPORT_1(freed_twice);

//! freed_inside, free of what is no block: freed_inside(60)
static mp_obj_t freed_inside(mp_obj_t count_in) {
    size_t n = (size_t)mp_obj_get_int(count_in);
    uint8_t *x = m_new(uint8_t, n);
    m_del(uint8_t, x + PLANTED(16, 0), n); // HERE
    return mp_const_none;
}
EXPORT_1(freed_inside);

//! freed_stack, free of what is no block: freed_stack(3)
static mp_obj_t freed_stack(mp_obj_t count_in) {
    int32_t local[4] = {0};
    int32_t *x = PLANTED(local, m_new(int32_t, 4));
    x[0] = (int32_t)mp_obj_get_int(count_in);
    m_del(int32_t, x, 4); // HERE
    return MP_OBJ_NEW_SMALL_INT(local[1]);
}
EXPORT_1(freed_stack);

//! ring, overrun: ring(array("h", range(30)))
static mp_obj_t ring(mp_obj_t data_in) { // the head wraps one too late
    size_t n;
    int16_t *x = items(data_in, 2, &n);
    int16_t *buffer = m_new(int16_t, 10);
    size_t head = 0;
    for (size_t i = 0; i < n; i++) {
        buffer[head] = x[i]; // HERE
        head = head >= PLANTED(10, 9) ? 0 : head + 1;
    }
    return MP_OBJ_NEW_SMALL_INT(buffer[0]);
}
EXPORT_1(ring);

//! inner_pointer, use after free: inner_pointer(30); churn(); gc.collect(); inner_pointer(0)
static mp_obj_t inner_pointer(mp_obj_t count_in) { // a pointer to the middle keeps nothing alive
    size_t n = (size_t)mp_obj_get_int(count_in);
    if (n > 0) {
        int32_t *x = m_new(int32_t, n);
        x[n / 2] = 1;
        kept_inside = x + n / 2;
        IF_MENDED(kept_words = x;)
        return mp_const_none;
    }
    kept_inside[0] += 1; // HERE
    return mp_const_none;
}
EXPORT_1(inner_pointer);

//! xor_list, use after free: xor_list(5); churn(); gc.collect(); xor_list(0)
static mp_obj_t xor_list(mp_obj_t count_in) { // a pointer that is not stored as such
    size_t n = (size_t)mp_obj_get_int(count_in);
    if (n > 0) {
        uint8_t *x = m_new(uint8_t, 50);
        x[3] = 1;
        kept_count = (size_t)x ^ PLANTED(0x55555555, 0);
        return mp_const_none;
    }
    ((uint8_t *)(kept_count ^ PLANTED(0x55555555, 0)))[3] = 2; // HERE
    return mp_const_none;
}
EXPORT_1(xor_list);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    STORE(MP_QSTR_keep_bytes, keep_bytes);
    STORE(MP_QSTR_resized, resized);
    STORE(MP_QSTR_extended, extended);
    STORE(MP_QSTR_grown_bytes, grown_bytes);
    STORE(MP_QSTR_renewed, renewed);
    STORE(MP_QSTR_renewed_shorter, renewed_shorter);
    STORE(MP_QSTR_freed, freed);
    STORE(MP_QSTR_freed_twice, freed_twice);
    STORE(MP_QSTR_freed_inside, freed_inside);
    STORE(MP_QSTR_freed_stack, freed_stack);
    STORE(MP_QSTR_ring, ring);
    STORE(MP_QSTR_inner_pointer, inner_pointer);
    STORE(MP_QSTR_xor_list, xor_list);
    MP_DYNRUNTIME_INIT_EXIT
}
