// digits_small: small classifiers whose model is one array.
//
//   linear(x, model, out)    model: features, classes, then bias and weights of each class; out: a score a class
//   nearest(x, model, out)   model: features, prototypes, then class and place (twice the features) of each;
//                            out: class of the nearest, square of its distance
//   bayes(x, model, out)     model: features, classes, then share and pairs (half inverse variance, mean) of each;
//                            out: logarithm of the likelihood of each class, but for a constant
//   mlp(x, model, out)       model: features, hidden, classes, shift, then bias and weights of each neuron; what comes out
//                            of the first layer is shifted down and limited to 0..127; out: a number a class
//
// x is array('h'), model array('h') and out array('i'), for bayes array('f') both. Nothing is allocated. The lengths of
// all arrays are checked against the sizes in the model, so that no model makes a function read or write beyond them.

#include "py/dynruntime.h"

#define MOST_HIDDEN (127)

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

static void check(bool fits) {
    if (!fits) {
        mp_raise_ValueError(MP_ERROR_TEXT("x, model and out do not fit each other"));
    }
}

// Bias and weights of one neuron; the next one's are behind them.
static const int16_t *sum(const int16_t *row, const int16_t *x, size_t n, int32_t *total) {
    int32_t of_row = *row++;
    for (size_t i = 0; i < n; i++) {
        of_row += x[i] * *row++;
    }
    *total = of_row;
    return row;
}

static mp_obj_t linear(mp_obj_t x_in, mp_obj_t model_in, mp_obj_t out_in) {
    const array_t x = array(x_in, MP_BUFFER_READ, 'h', 2), model = array(model_in, MP_BUFFER_READ, 'h', 2);
    const array_t out = array(out_in, MP_BUFFER_WRITE, 'i', 4);
    const int16_t *at = model.items;
    check(model.n > 2 && at[0] > 0 && at[1] > 0);
    const size_t classes = at[1];
    check(x.n == (size_t)at[0] && out.n == classes && model.n == 2 + classes * (x.n + 1));
    at += 2;
    for (size_t k = 0; k < classes; k++) {
        at = sum(at, x.items, x.n, (int32_t *)out.items + k);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_3(linear_obj, linear);

static mp_obj_t nearest(mp_obj_t x_in, mp_obj_t model_in, mp_obj_t out_in) {
    const array_t x = array(x_in, MP_BUFFER_READ, 'h', 2), model = array(model_in, MP_BUFFER_READ, 'h', 2);
    const array_t out = array(out_in, MP_BUFFER_WRITE, 'i', 4);
    const int16_t *at = model.items, *values = x.items;
    check(model.n > 2 && at[0] > 0 && at[1] > 0);
    const size_t prototypes = at[1];
    check(x.n == (size_t)at[0] && out.n == 2 && model.n == 2 + prototypes * (x.n + 1));
    int32_t *to = out.items;
    uint32_t least = UINT32_MAX;
    at += 2;
    for (size_t k = 0; k < prototypes; k++) {
        const int16_t number = *at++;
        uint32_t total = 0;
        for (size_t i = 0; i < x.n; i++) {
            const int32_t apart = 2 * values[i] - *at++;
            total += (uint32_t)apart * apart;
        }
        if (total < least) {
            least = total;
            to[0] = number;
            to[1] = total;
        }
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_3(nearest_obj, nearest);

static mp_obj_t bayes(mp_obj_t x_in, mp_obj_t model_in, mp_obj_t out_in) {
    const array_t x = array(x_in, MP_BUFFER_READ, 'h', 2), model = array(model_in, MP_BUFFER_READ, 'f', 4);
    const array_t out = array(out_in, MP_BUFFER_WRITE, 'f', 4);
    const float *at = model.items;
    const int16_t *values = x.items;
    check(model.n > 2 && at[0] == (float)x.n && at[1] == (float)out.n && model.n == 2 + out.n * (2 * x.n + 1));
    at += 2;
    for (size_t k = 0; k < out.n; k++) {
        float total = *at++;
        for (size_t i = 0; i < x.n; i++, at += 2) {
            const float apart = values[i] - at[1];
            total -= at[0] * apart * apart;
        }
        ((float *)out.items)[k] = total;
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_3(bayes_obj, bayes);

static mp_obj_t mlp(mp_obj_t x_in, mp_obj_t model_in, mp_obj_t out_in) {
    const array_t x = array(x_in, MP_BUFFER_READ, 'h', 2), model = array(model_in, MP_BUFFER_READ, 'h', 2);
    const array_t out = array(out_in, MP_BUFFER_WRITE, 'i', 4);
    const int16_t *at = model.items;
    check(model.n > 4 && at[1] > 0 && at[1] <= MOST_HIDDEN && at[3] >= 0 && at[3] < 32);
    const size_t hidden = at[1];
    const int16_t shift = at[3];
    check(x.n == (size_t)at[0] && out.n == (size_t)at[2] && model.n == 4 + hidden * (x.n + 1) + out.n * (hidden + 1));
    int16_t inner[MOST_HIDDEN];
    at += 4;
    for (size_t k = 0; k < hidden; k++) {
        int32_t total;
        at = sum(at, x.items, x.n, &total);
        total >>= shift;
        inner[k] = total < 0 ? 0 : total > 127 ? 127 : total;
    }
    for (size_t k = 0; k < out.n; k++) {
        at = sum(at, inner, hidden, (int32_t *)out.items + k);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_3(mlp_obj, mlp);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY

    mp_store_global(MP_QSTR_linear, MP_OBJ_FROM_PTR(&linear_obj));
    mp_store_global(MP_QSTR_nearest, MP_OBJ_FROM_PTR(&nearest_obj));
    mp_store_global(MP_QSTR_bayes, MP_OBJ_FROM_PTR(&bayes_obj));
    mp_store_global(MP_QSTR_mlp, MP_OBJ_FROM_PTR(&mlp_obj));

    MP_DYNRUNTIME_INIT_EXIT
}
