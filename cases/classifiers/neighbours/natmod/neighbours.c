// neighbours: k nearest neighbours among samples that are one array.
//
//   classify(x, model, out)  model: features, samples, k, then class and place of each sample;
//                            out: the class of most neighbours, of equally many the least; then the k classes, from the
//                            nearest on; then the k squares of their distances
//
// x and model are array('h'), out array('i') with 1 + 2 k numbers. Nothing is allocated. The sum of the squares has to
// be below 2^32. The lengths of all arrays are checked against the sizes in the model.

#include "py/dynruntime.h"

#define SIZES (3)

typedef struct {
    void *items;
    size_t n;
} array_t;

static array_t array(mp_obj_t obj, mp_uint_t access, char typecode, size_t size) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(obj, &info, access);
    if (info.typecode != typecode) {
        mp_raise_TypeError(MP_ERROR_TEXT("array of another type expected"));
    }
    return (array_t) {info.buf, info.len / size};
}

static uint32_t square_of_distance(const int16_t *x, const int16_t *place, size_t n) {
    uint32_t total = 0;
    for (size_t i = 0; i < n; i++) {
        const int32_t apart = x[i] - place[i];
        total += (uint32_t)apart * apart;
    }
    return total;
}

static int32_t class_of_most(const int32_t *classes, size_t k) {
    size_t most = 0;
    int32_t found = 0;
    for (size_t i = 0; i < k; i++) {
        size_t votes = 0;
        for (size_t j = 0; j < k; j++) {
            votes += classes[j] == classes[i];
        }
        if (votes > most || (votes == most && classes[i] < found)) {
            most = votes;
            found = classes[i];
        }
    }
    return found;
}

static mp_obj_t classify(mp_obj_t x_in, mp_obj_t model_in, mp_obj_t out_in) {
    const array_t x = array(x_in, MP_BUFFER_READ, 'h', 2), model = array(model_in, MP_BUFFER_READ, 'h', 2);
    const array_t out = array(out_in, MP_BUFFER_WRITE, 'i', 4);
    const int16_t *at = model.items;
    const bool has_sizes = model.n > SIZES && at[0] > 0 && at[1] > 0 && at[2] > 0 && at[2] <= at[1];
    if (!has_sizes || x.n != (size_t)at[0] || model.n != SIZES + at[1] * (x.n + 1) || out.n != 1 + 2 * (size_t)at[2]) {
        mp_raise_ValueError(MP_ERROR_TEXT("x, model and out do not fit each other"));
    }
    const size_t samples = at[1], k = at[2];
    int32_t *classes = (int32_t *)out.items + 1;
    uint32_t *squares = (uint32_t *)classes + k;
    size_t found = 0;
    at += SIZES;
    for (size_t n = 0; n < samples; n++, at += 1 + x.n) {
        const uint32_t square = square_of_distance(x.items, at + 1, x.n);
        if (found == k && square >= squares[k - 1]) {
            continue;
        }
        size_t place = found < k ? found++ : k - 1;
        for (; place > 0 && squares[place - 1] > square; place--) {
            squares[place] = squares[place - 1];
            classes[place] = classes[place - 1];
        }
        squares[place] = square;
        classes[place] = at[0];
    }
    *(int32_t *)out.items = class_of_most(classes, k);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_3(classify_obj, classify);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY

    mp_store_global(MP_QSTR_classify, MP_OBJ_FROM_PTR(&classify_obj));

    MP_DYNRUNTIME_INIT_EXIT
}
