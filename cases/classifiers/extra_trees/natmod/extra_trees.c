// extra_trees: classification with trees whose features are integers of 16 bits or floats.
//
//   vote(sample, nodes, thresholds, roots, classes, out)
//   average(sample, nodes, thresholds, roots, shares, out)
//       sample      array('h') or array('f'), and thresholds, one a node, are the same
//       nodes       array('h'), of each node the feature, and two places to go on, the first where the feature is
//                   not above the threshold. A place is a node behind this one, or a leaf: -1 the first, -2 the
//                   second
//       roots       array('h'), the first node of each tree
//       classes     array('B'), the class of each leaf; out is the share of the trees for each
//       shares      array('f'), of each leaf the share of each class; out is their mean
//       out         array('f'), a number a class
//
// Nothing is allocated. Where a node leads is looked at on the way: no model makes it run wild. NaN is above no
// threshold. Sums are float32, in the order of the trees.

#include "py/dynruntime.h"

typedef struct {
    void *items;
    size_t n;
    char typecode;
} array_t;

static array_t array(mp_obj_t obj, mp_uint_t access) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(obj, &info, access);
    const char code = info.typecode == BYTEARRAY_TYPECODE ? 'B' : info.typecode;
    const size_t size = code == 'f' ? 4 : code == 'h' ? 2 : 1;
    if (code != 'f' && code != 'h' && code != 'B') {
        mp_raise_TypeError(MP_ERROR_TEXT("array of another type expected"));
    }
    return (array_t) {info.buf, info.len / size, code};
}

static array_t array_of(mp_obj_t obj, mp_uint_t access, char typecode) {
    const array_t found = array(obj, access);
    if (found.typecode != typecode) {
        mp_raise_TypeError(MP_ERROR_TEXT("array of another type expected"));
    }
    return found;
}

static void check(bool fits) {
    if (!fits) {
        mp_raise_ValueError(MP_ERROR_TEXT("arrays do not fit each other"));
    }
}

// The number of the leaf that a sample comes to.
static size_t leaf(const array_t *sample, const array_t *nodes, const array_t *thresholds, int32_t at, size_t leaves) {
    const int16_t *of_nodes = nodes->items;
    while (at >= 0) {
        check((size_t)at < thresholds->n);
        const int16_t *node = of_nodes + 3 * at;
        check(node[0] >= 0 && (size_t)node[0] < sample->n);
        bool above;
        if (sample->typecode == 'h') {
            above = ((const int16_t *)sample->items)[node[0]] > ((const int16_t *)thresholds->items)[at];
        } else {
            above = ((const float *)sample->items)[node[0]] > ((const float *)thresholds->items)[at];
        }
        const int32_t next = node[above ? 2 : 1];
        check(next < 0 || next > at);
        at = next;
    }
    const size_t number = -1 - at;
    check(number < leaves);
    return number;
}

static mp_obj_t classify(const mp_obj_t *args, char typecode) {
    const array_t sample = array(args[0], MP_BUFFER_READ), nodes = array_of(args[1], MP_BUFFER_READ, 'h');
    const array_t thresholds = array_of(args[2], MP_BUFFER_READ, sample.typecode);
    const array_t roots = array_of(args[3], MP_BUFFER_READ, 'h'), leaves = array_of(args[4], MP_BUFFER_READ, typecode);
    const array_t out = array_of(args[5], MP_BUFFER_WRITE, 'f');
    check(sample.typecode != 'B' && nodes.n == 3 * thresholds.n && roots.n > 0 && out.n > 0);
    float *to = out.items;
    mp_fun_table.memset_(to, 0, out.n * sizeof(float));
    const int16_t *root = roots.items;
    for (size_t tree = 0; tree < roots.n; tree++) {
        if (typecode == 'B') {
            const uint8_t number = ((const uint8_t *)leaves.items)[leaf(&sample, &nodes, &thresholds, root[tree], leaves.n)];
            check(number < out.n);
            to[number] += 1.0f;
        } else {
            const size_t number = leaf(&sample, &nodes, &thresholds, root[tree], leaves.n / out.n);
            const float *shares = (const float *)leaves.items + out.n * number;
            for (size_t k = 0; k < out.n; k++) {
                to[k] += shares[k];
            }
        }
    }
    for (size_t k = 0; k < out.n; k++) {
        to[k] /= (float)roots.n;
    }
    return mp_const_none;
}

static mp_obj_t vote(size_t n_args, const mp_obj_t *args) {
    return classify(args, 'B');
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(vote_obj, 6, 6, vote);

static mp_obj_t average(size_t n_args, const mp_obj_t *args) {
    return classify(args, 'f');
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(average_obj, 6, 6, average);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY

    mp_store_global(MP_QSTR_vote, MP_OBJ_FROM_PTR(&vote_obj));
    mp_store_global(MP_QSTR_average, MP_OBJ_FROM_PTR(&average_obj));

    MP_DYNRUNTIME_INIT_EXIT
}
