// trees: classification with ensembles of decision trees, by emlearn's inference code (eml_trees.h).
//
//   m = trees.new(nodes, roots, leaves, features, classes, bits=0)
//       nodes     array('h'), four numbers a decision node: feature, threshold, left, right. The next
//                 node is left when the feature is below the threshold, else right. A positive number
//                 leads that many nodes forward, -1, -2, ... to leaf 0, 1, ...
//       roots     array('i'), the first node of each tree
//       leaves    bytes or array('B'). bits=0: one class a leaf, trees vote. bits=8: a share in 1/255 for
//                 each class of a leaf, trees are averaged.
//       features  how many features a sample has, 1 to 127; classes: how many classes, 1 to 30
//   m.predict(sample)             class of a sample, array('h'); of equals the first
//   m.predict_proba(sample, out)  probability of each class into array('f')
//
// These are the arrays of emlearn's own model: nodes, roots and leaves of emlearn.convert(...).forest_,
// with thresholds as int16 and children relative, as its CSV and C files have them. The model is copied
// and checked: every index of every node is in range and no path leads back, so no model and no sample
// can make inference run wild. predict and predict_proba allocate nothing.
//
// Features are int16: all values are valid, nothing rounds or saturates, and there is neither NaN nor
// infinity; an array of another type is a TypeError. Probabilities are sums of float32 in tree order.

#include "py/dynruntime.h"

// The compiler turns initialised structures into calls of these.
void *memset(void *s, int c, size_t n) {
    return mp_fun_table.memset_(s, c, n);
}

void *memcpy(void *dest, const void *src, size_t n) {
    return mp_fun_table.memmove_(dest, src, n);
}

#define EML_TREES_REGRESSION_ENABLE 0
#include <eml_trees.h>

#define NODE_FIELDS (4)
#define MAX_FEATURES (INT8_MAX)
#define MAX_NODES (INT16_MAX) // children and leaves are int16

typedef struct {
    mp_obj_base_t base;
    EmlTrees forest;
} model_obj_t;

// mpy_ld places zero-initialised variables only when they are not static.
mp_obj_full_type_t trees_model_type;
mp_map_elem_t trees_model_members[2];
static MP_DEFINE_CONST_DICT(trees_model_dict, trees_model_members);

static void *items(mp_obj_t obj, mp_uint_t access, char typecode, size_t item_size, size_t *len) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(obj, &info, access);
    if (info.typecode == BYTEARRAY_TYPECODE) {
        info.typecode = 'B';
    }
    if (info.typecode != typecode) {
        mp_raise_TypeError(typecode == 'h' ? MP_ERROR_TEXT("expected array('h')")
            : typecode == 'i' ? MP_ERROR_TEXT("expected array('i')")
            : typecode == 'f' ? MP_ERROR_TEXT("expected array('f')")
            : MP_ERROR_TEXT("expected bytes"));
    }
    *len = info.len / item_size;
    return info.buf;
}

static mp_int_t in_range(mp_obj_t obj, mp_int_t high) {
    const mp_int_t value = mp_obj_get_int(obj);
    if (value < 1 || value > high) {
        mp_raise_ValueError(MP_ERROR_TEXT("features must be 1 to 127, classes 1 to 30"));
    }
    return value;
}

static bool child_ok(int32_t node, int32_t child, int32_t nodes, int32_t leaves) {
    return child < 0 ? -child - 1 < leaves : child > 0 && node + child < nodes;
}

static void set_leaves(EmlTrees *forest, mp_obj_t leaves_in) {
    size_t len;
    const uint8_t *leaves = items(leaves_in, MP_BUFFER_READ, 'B', 1, &len);
    const size_t size = forest->leaf_bits == 0 ? 1 : forest->n_classes;
    if (len == 0 || len % size != 0 || len / size > MAX_NODES) {
        mp_raise_ValueError(MP_ERROR_TEXT("wrong number of leaves"));
    }
    if (forest->leaf_bits == 0) {
        for (size_t i = 0; i < len; i++) {
            if (leaves[i] >= forest->n_classes) {
                mp_raise_ValueError(MP_ERROR_TEXT("a leaf names a class that does not exist"));
            }
        }
    }
    forest->n_leaves = len / size;
    forest->leaves = m_malloc(len);
    memcpy(forest->leaves, leaves, len);
}

static void set_nodes(EmlTrees *forest, mp_obj_t nodes_in) {
    size_t len;
    const int16_t *fields = items(nodes_in, MP_BUFFER_READ, 'h', sizeof(int16_t), &len);
    if (len == 0 || len % NODE_FIELDS != 0 || len / NODE_FIELDS > MAX_NODES) {
        mp_raise_ValueError(MP_ERROR_TEXT("nodes must hold 4 numbers a node"));
    }
    forest->n_nodes = len / NODE_FIELDS;
    forest->nodes = m_malloc(forest->n_nodes * sizeof(EmlTreesNode));
    for (int32_t i = 0; i < forest->n_nodes; i++, fields += NODE_FIELDS) {
        if (fields[0] < 0 || fields[0] >= forest->n_features) {
            mp_raise_ValueError(MP_ERROR_TEXT("a node asks for a feature that does not exist"));
        }
        if (!child_ok(i, fields[2], forest->n_nodes, forest->n_leaves) || !child_ok(i, fields[3], forest->n_nodes, forest->n_leaves)) {
            mp_raise_ValueError(MP_ERROR_TEXT("a node leads to a node or leaf that does not exist"));
        }
        EmlTreesNode *node = &forest->nodes[i];
        node->feature = fields[0];
        node->value = fields[1];
        node->left = fields[2];
        node->right = fields[3];
    }
}

static void set_roots(EmlTrees *forest, mp_obj_t roots_in) {
    size_t len;
    const int32_t *roots = items(roots_in, MP_BUFFER_READ, 'i', sizeof(int32_t), &len);
    if (len == 0) {
        mp_raise_ValueError(MP_ERROR_TEXT("roots must not be empty"));
    }
    for (size_t i = 0; i < len; i++) {
        if (roots[i] < 0 || roots[i] >= forest->n_nodes) {
            mp_raise_ValueError(MP_ERROR_TEXT("a root is not a node"));
        }
    }
    forest->n_trees = len;
    forest->tree_roots = m_malloc(len * sizeof(int32_t));
    memcpy(forest->tree_roots, roots, len * sizeof(int32_t));
}

static mp_obj_t trees_new(size_t n_args, const mp_obj_t *args) {
    const mp_int_t bits = n_args == 6 ? mp_obj_get_int(args[5]) : 0;
    if (bits != 0 && bits != 8) {
        mp_raise_ValueError(MP_ERROR_TEXT("bits must be 0 or 8"));
    }
    model_obj_t *self = mp_obj_malloc(model_obj_t, (mp_obj_type_t *)&trees_model_type);
    memset(&self->forest, 0, sizeof(self->forest));
    self->forest.leaf_bits = bits;
    self->forest.n_features = in_range(args[3], MAX_FEATURES);
    self->forest.n_classes = in_range(args[4], EMTREES_MAX_CLASSES);
    set_leaves(&self->forest, args[2]);
    set_nodes(&self->forest, args[0]);
    set_roots(&self->forest, args[1]);
    return MP_OBJ_FROM_PTR(self);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(trees_new_obj, 5, 6, trees_new);

static const int16_t *sample(const EmlTrees *forest, mp_obj_t obj) {
    size_t len;
    const int16_t *features = items(obj, MP_BUFFER_READ, 'h', sizeof(int16_t), &len);
    if (len != (size_t)forest->n_features) {
        mp_raise_ValueError(MP_ERROR_TEXT("wrong number of features"));
    }
    return features;
}

static mp_obj_t model_predict(mp_obj_t self_in, mp_obj_t sample_in) {
    const EmlTrees *forest = &((model_obj_t *)MP_OBJ_TO_PTR(self_in))->forest;
    const int16_t *features = sample(forest, sample_in);
    return mp_obj_new_int(eml_trees_predict(forest, features, forest->n_features));
}
static MP_DEFINE_CONST_FUN_OBJ_2(model_predict_obj, model_predict);

static mp_obj_t model_predict_proba(mp_obj_t self_in, mp_obj_t sample_in, mp_obj_t out_in) {
    const EmlTrees *forest = &((model_obj_t *)MP_OBJ_TO_PTR(self_in))->forest;
    const int16_t *features = sample(forest, sample_in);
    size_t len;
    float *out = items(out_in, MP_BUFFER_WRITE, 'f', sizeof(float), &len);
    if (len != (size_t)forest->n_classes) {
        mp_raise_ValueError(MP_ERROR_TEXT("out must hold a number a class"));
    }
    eml_trees_predict_proba(forest, features, forest->n_features, out, len);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_3(model_predict_proba_obj, model_predict_proba);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY

    trees_model_type.base.type = (void *)&mp_type_type;
    trees_model_type.flags = MP_TYPE_FLAG_NONE;
    trees_model_type.name = MP_QSTR_Model;
    trees_model_members[0] = (mp_map_elem_t) {MP_OBJ_NEW_QSTR(MP_QSTR_predict), MP_OBJ_FROM_PTR(&model_predict_obj)};
    trees_model_members[1] = (mp_map_elem_t) {MP_OBJ_NEW_QSTR(MP_QSTR_predict_proba), MP_OBJ_FROM_PTR(&model_predict_proba_obj)};
    MP_OBJ_TYPE_SET_SLOT(&trees_model_type, locals_dict, (void *)&trees_model_dict, 0);

    mp_store_global(MP_QSTR_new, MP_OBJ_FROM_PTR(&trees_new_obj));

    MP_DYNRUNTIME_INIT_EXIT
}
