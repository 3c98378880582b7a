// svm_rbf: the decision of a support vector machine with the kernel exp(-gamma * |x - v|^2).
//
//   decide(x, model, out)   array('f') all; the model: features, vectors, gamma, intercept, then of each
//                           vector its coefficient and place; out: one number, above 0 for class 1
//
// Nothing is allocated. The lengths of all arrays are checked against the sizes in the model.

#include "py/dynruntime.h"

static float *floats(mp_obj_t obj, mp_uint_t access, size_t *n) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(obj, &info, access);
    if (info.typecode != 'f') {
        mp_raise_TypeError(MP_ERROR_TEXT("expected array('f')"));
    }
    *n = info.len / sizeof(float);
    return info.buf;
}

// exp of a number that is not positive: 2^k times exp of what is left, between -log(2)/2 and log(2)/2, by its
// Taylor series, of which the terms from x^8 on are below 2**-27. Below 2**-126 it is 0.
static float exponential(float x) {
    if (!(x > -87.0f)) {
        return 0.0f;
    }
    const int32_t k = (int32_t)(x * 1.44269504f - 0.5f); // nearest, ties do not matter
    const float r = (x - (float)k * 0.693145751953125f) - (float)k * 1.42860682030941723e-6f;
    const float tail = 1.0f / 120 + r * (1.0f / 720 + r * (1.0f / 5040));
    union {
        int32_t i;
        float f;
    } power = {(k + 127) << 23};
    return power.f * (1.0f + (r + r * r * (0.5f + r * (1.0f / 6 + r * (1.0f / 24 + r * tail)))));
}

static mp_obj_t decide(mp_obj_t x_in, mp_obj_t model_in, mp_obj_t out_in) {
    size_t features, of_model, one;
    const float *x = floats(x_in, MP_BUFFER_READ, &features), *at = floats(model_in, MP_BUFFER_READ, &of_model);
    float *out = floats(out_in, MP_BUFFER_WRITE, &one);
    if (of_model < 4 || features == 0 || at[0] != (float)features || one != 1) {
        mp_raise_ValueError(MP_ERROR_TEXT("x, model and out do not fit each other"));
    }
    const size_t vectors = (of_model - 4) / (features + 1);
    if (at[1] != (float)vectors || of_model != 4 + vectors * (features + 1)) {
        mp_raise_ValueError(MP_ERROR_TEXT("x, model and out do not fit each other"));
    }
    const float gamma = at[2];
    float total = at[3];
    at += 4;
    for (size_t k = 0; k < vectors; k++) {
        const float coefficient = *at++;
        float square = 0.0f;
        for (size_t i = 0; i < features; i++) {
            const float apart = x[i] - *at++;
            square += apart * apart;
        }
        total += coefficient * exponential(-gamma * square);
    }
    out[0] = total;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_3(decide_obj, decide);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY

    mp_store_global(MP_QSTR_decide, MP_OBJ_FROM_PTR(&decide_obj));

    MP_DYNRUNTIME_INIT_EXIT
}
