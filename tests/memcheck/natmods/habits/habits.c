// What compilers make of C: loads and stores of several registers, of doubles, unrolled loops.
#include "planted.h"

typedef struct {
    uint32_t real, imaginary;
} complex_t;

typedef struct {
    complex_t at[4];
} quad_t;

//! butterfly, overrun: butterfly(array("I", range(12)))
static mp_obj_t butterfly(mp_obj_t data_in) { // LDRD, STRD
    size_t n;
    complex_t *x = items(data_in, sizeof(complex_t), &n);
    for (size_t i = 0; i < n - PLANTED(0, 1); i++) {
        complex_t next = x[i + 1]; x[i].real += next.real; x[i].imaginary -= next.imaginary; // HERE
    }
    return mp_const_none;
}
EXPORT_1(butterfly);

//! quads, overrun: quads(array("I", range(18)))
static mp_obj_t quads(mp_obj_t data_in) { // LDM, STM; what it reads too much begins within its last block
    size_t n;
    quad_t *x = items(data_in, sizeof(quad_t), &n);
    for (size_t i = 0; i < n + PLANTED(1, 0); i++) {
        quad_t one = x[i]; // HERE
        one.at[0].real++;
        x[0] = one;
    }
    return mp_const_none;
}
EXPORT_1(quads);

//! unrolled, overrun: unrolled(array("i", range(10)))
static mp_obj_t unrolled(mp_obj_t data_in) { // four at a time, as if their number were a multiple of that
    size_t n;
    int32_t *x = items(data_in, 4, &n);
    for (size_t i = 0; i + PLANTED(0, 3) < n; i += 4) {
        x[i] = 0; x[i + 1] = 0; x[i + 2] = 0; x[i + 3] = 0; // HERE
    }
    return mp_const_none;
}
EXPORT_1(unrolled);

//! vectors, overrun: vectors(array("f", range(10)))
static mp_obj_t vectors(mp_obj_t data_in) { // VLDM where there is an FPU
    size_t n;
    float *x = items(data_in, 4, &n);
    float a = 0, b = 0, c = 0, d = 0;
    for (size_t i = 0; i + PLANTED(0, 3) < n; i += 4) {
        a += x[i]; b += x[i + 1]; c += x[i + 2]; d += x[i + 3]; // HERE
    }
    return mp_obj_new_float_from_f(a + b + c + d);
}
EXPORT_1(vectors);

static void sift(int16_t *heap, size_t root, size_t n) {
    while (2 * root + 1 < n) {
        size_t child = 2 * root + 1;
        if (child + PLANTED(0, 1) < n && heap[child] < heap[child + 1]) { // HERE
            child++;
        }
        if (heap[root] >= heap[child]) {
            return;
        }
        int16_t value = heap[root];
        heap[root] = heap[child];
        heap[child] = value;
        root = child;
    }
}

//! heap_sort, overrun: heap_sort(array("h", [5, 3, 9, 1, 7, 2, 8, 4, 0, 6]))
static mp_obj_t heap_sort(mp_obj_t data_in) {
    size_t n;
    int16_t *x = items(data_in, 2, &n);
    for (size_t root = n / 2; root-- > 0;) {
        sift(x, root, n);
    }
    return mp_const_none;
}
EXPORT_1(heap_sort);

typedef struct {
    int8_t feature;
    int8_t threshold;
    uint8_t left, right;
} node_t;

//! tree_walk, overrun: tree_walk(bytearray([0, 5, 1, 3, 1, 2, 0, 0, 255, 1, 0, 0]), bytearray([9, 1]))
static mp_obj_t tree_walk(mp_obj_t nodes_in, mp_obj_t features_in) { // a child that is not there
    size_t n, m;
    node_t *nodes = items(nodes_in, sizeof(node_t), &n);
    int8_t *features = items(features_in, 1, &m);
    size_t at = 0;
    for (int depth = 0; depth < 3; depth++) {
        int8_t feature = nodes[at].feature; // HERE
        if (feature < 0) {
            break;
        }
        at = features[feature] < nodes[at].threshold ? nodes[at].left : nodes[at].right;
        if (PLANTED(0, 1) && at >= n) {
            break;
        }
    }
    return MP_OBJ_NEW_SMALL_INT(at);
}
EXPORT_2(tree_walk);

//! build_text, overrun: build_text("a", 20)
static mp_obj_t build_text(mp_obj_t text_in, mp_obj_t times_in) { // no room for the last zero
    size_t n, times = (size_t)mp_obj_get_int(times_in);
    const char *text = mp_obj_str_get_data(text_in, &n);
    char *built = m_new(char, n * times + PLANTED(0, 1));
    char *to = built;
    for (size_t i = 0; i < times; i++) {
        *to++ = text[0];
    }
    *to = 0; // HERE
    return mp_obj_new_int(to - built);
}
EXPORT_2(build_text);

//! transpose, overrun: transpose(array("h", range(15)), 3)
static mp_obj_t transpose(mp_obj_t data_in, mp_obj_t rows_in) { // rows and columns are mixed up
    size_t n, rows = (size_t)mp_obj_get_int(rows_in);
    int16_t *x = items(data_in, 2, &n);
    size_t columns = n / rows;
    int16_t *y = m_new(int16_t, n);
    for (size_t row = 0; row < rows; row++) {
        for (size_t column = 0; column < columns; column++) {
            y[column * PLANTED(columns, rows) + row] = x[row * columns + column]; // HERE
        }
    }
    return mp_obj_new_int(y[1]);
}
EXPORT_2(transpose);

//! last_word, overrun: last_word(bytearray(range(13)))
static mp_obj_t last_word(mp_obj_t data_in) { // words, where the bytes are no multiple of 4
    size_t n;
    uint8_t *x = items(data_in, 1, &n);
    uint32_t sum = 0;
    for (size_t i = 0; i < n - PLANTED(0, n % 4); i += 4) {
        sum ^= *(uint32_t *)(void *)(x + i); // HERE
    }
    return mp_obj_new_int((mp_int_t)sum);
}
EXPORT_1(last_word);

//! bit_reverse, overrun: bit_reverse(array("q", range(7)))
static mp_obj_t bit_reverse(mp_obj_t data_in) { // of a power of two, which the length is not
    size_t n;
    int64_t *x = items(data_in, 8, &n);
    for (size_t i = 0; i < n; i++) {
        size_t j = (i & 1) << 2 | (i & 2) | i >> 2;
        if (j > i && j < n + PLANTED(1, 0)) {
            int64_t value = x[i];
            x[i] = x[j];
            x[j] = value;
        }
    }
    x[PLANTED(n, n - 1)] = 0; // HERE
    return mp_const_none;
}
EXPORT_1(bit_reverse);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    STORE(MP_QSTR_butterfly, butterfly);
    STORE(MP_QSTR_quads, quads);
    STORE(MP_QSTR_unrolled, unrolled);
    STORE(MP_QSTR_vectors, vectors);
    STORE(MP_QSTR_heap_sort, heap_sort);
    STORE(MP_QSTR_tree_walk, tree_walk);
    STORE(MP_QSTR_build_text, build_text);
    STORE(MP_QSTR_transpose, transpose);
    STORE(MP_QSTR_last_word, last_word);
    STORE(MP_QSTR_bit_reverse, bit_reverse);
    MP_DYNRUNTIME_INIT_EXIT
}
