// A native module whose functions count their calls, which are of many kinds: by pointers, from branches of a table, by
// jumps at the end, back into Python. test_trees_of_counting_code.py compares them with the call tree.
#include "py/dynruntime.h"

#define APART __attribute__((noinline, noclone, used))

void *memcpy(void *to, const void *from, size_t size) {
    return mp_fun_table.memmove_(to, from, size);
}

unsigned counts[16];
enum {
    LEAF, DEEP, SWAP, SORT, COMPARE, BACK, EVEN, ODD,
    TAILED, EARLY, VARIADIC, FLOATS, THROWS, MANY, SWITCHED
};
static APART unsigned leaf(unsigned n) {
    counts[LEAF]++;
    return n * 3 ^ n >> 2;
}

static APART unsigned deep(unsigned n) {
    counts[DEEP]++;
    unsigned b = n ? deep(n - 1) : leaf(7);
    __asm volatile ("" : "+r"(b));
    return b + 1;
}

static APART void swap(unsigned *a, unsigned *b) {
    counts[SWAP]++;
    unsigned t = *a;
    *a = *b;
    *b = t;
}

static APART int compare(const void *a, const void *b) {
    counts[COMPARE]++;
    return *(const int *)a - *(const int *)b;
}

static APART int back(const void *a, const void *b);
static APART void sort(unsigned *d, int n, int (*less)(const void *, const void *)) {
    counts[SORT]++;
    if (n < 2) return;
    int j = 0;
    for (int i = 1; i < n; i++) if (less(&d[i], &d[0]) < 0) swap(&d[++j], &d[i]);
    swap(&d[0], &d[j]);
    sort(d, j, less);
    sort(d + j + 1, n - j - 1, less);
    __asm volatile ("");
}

static APART unsigned odd(unsigned n);
static APART unsigned even(unsigned n) {
    counts[EVEN]++;
    __asm volatile("" : "+r"(n));
    return n == 0 ? 1 : odd(n - 1);
}

static APART unsigned odd(unsigned n) {
    counts[ODD]++;
    __asm volatile("" : "+r"(n));
    return n == 0 ? 0 : even(n - 1);
}

static APART unsigned tailed(unsigned (*f)(unsigned), unsigned n) {
    counts[TAILED]++;
    return f(n);
}

static APART unsigned early(unsigned n) {
    counts[EARLY]++;
    if (n > 2) return 1;
    if (n == 1) return leaf(n);
    unsigned s = 0;
    for (unsigned i = 0; i <= n; i++) {
        if (i == 2) return s + leaf(s);
        s += leaf(i);
    }
    return s;
}

static APART unsigned variadic(unsigned n, ...) {
    counts[VARIADIC]++;
    __builtin_va_list l;
    __builtin_va_start(l, n);
    unsigned s = 0;
    while (n--) s += __builtin_va_arg(l, unsigned);
    __builtin_va_end(l);
    return s;
}

static APART float floats(float a, float b) {
    counts[FLOATS]++;
    volatile float c = a * b + a / (b + 1.0f) - b;
    return c;
}

static APART unsigned many(unsigned a, unsigned b, unsigned c, unsigned d, unsigned e, unsigned f) {
    counts[MANY]++;
    return leaf(a + b) + leaf(c * d) + (e ^ f);
}

static APART unsigned switched(unsigned n) {
    counts[SWITCHED]++;
    switch (n) {
        case 0: return leaf(1);
        case 1: return deep(1);
        case 2: return many(1, 2, 3, 4, 5, 6);
        case 3: return early(1);
        case 4: return even(3);
        case 5: return variadic(2, 3, 4);
        case 6:
            leaf(3);
            return leaf(4);
        default: return n;
    }
}

static APART void throws(unsigned n) {
    counts[THROWS]++;
    if (n == 9999) return;
    if (n == 0) mp_raise_ValueError(MP_ERROR_TEXT("x"));
    throws(n - 1);
    __asm volatile("" :: "r"(n));
}

mp_obj_t function;
static APART int back(const void *a, const void *b) {
    counts[BACK]++;
    mp_obj_t arguments[2] = {mp_obj_new_int(*(const int *)a), mp_obj_new_int(*(const int *)b)};
    return mp_obj_get_int(mp_call_function_n_kw(function, 2, 0, arguments));
}

static mp_obj_t go(mp_obj_t f, mp_obj_t seed_in) {
    unsigned s = mp_obj_get_int(seed_in), d[24];
    function = f;
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < 24; i++) {
            s = s * 1103515245 + 12345;
            d[i] = s >> 20;
        }
        sort(d, k ? 9 : 24, k ? back : compare);
    }
    unsigned (*volatile table[6])(unsigned);
    table[0] = leaf;
    table[1] = deep;
    table[2] = even;
    table[3] = odd;
    table[4] = early;
    table[5] = switched;
    for (unsigned i = 0; i < 40; i++) {
        s += table[(i * 7 + s) % 6 == 0 ? 0 : i % 6](i % 9);
        s += tailed(table[i % 5], i % 7);
        s ^= switched(i % 9);
    }
    float x = 1;
    for (int i = 0; i < 5; i++) {
        x = floats(x, i);
    }
    return mp_obj_new_int((s + (unsigned)x) & 0xffff);
}
static MP_DEFINE_CONST_FUN_OBJ_2(go_obj, go);

static mp_obj_t throw_(mp_obj_t n) {
    leaf(1);
    throws(mp_obj_get_int(n));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(throw_obj, throw_);

static mp_obj_t counted(mp_obj_t n) { return mp_obj_new_int(counts[mp_obj_get_int(n)]); }
static MP_DEFINE_CONST_FUN_OBJ_1(counted_obj, counted);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    mp_store_global(MP_QSTR_go, MP_OBJ_FROM_PTR(&go_obj));
    mp_store_global(MP_QSTR_throw, MP_OBJ_FROM_PTR(&throw_obj));
    mp_store_global(MP_QSTR_counted, MP_OBJ_FROM_PTR(&counted_obj));
    MP_DYNRUNTIME_INIT_EXIT
}
