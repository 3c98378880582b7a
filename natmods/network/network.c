// network: small networks of convolutions, dense layers and pooling, in integers of 8 bits or in float32.
//
//   m = network.new(layers, weights, biases)
//       layers   array('h'), ten numbers each: kind (0: sums, 1: the greatest), height, width and channels of what comes
//                in, height and width of the window, its steps down and to the right, outputs (for kind 1 the
//                channels), shift
//       weights  array('b') or array('f'): of each layer of sums, of each output, row by row of the window, channels
//                innermost
//       biases   array('i') or array('f'): of each layer of sums, of each output
//   m.run(x, out)  x, array('b') or array('f'): row by row, channels innermost; out, array('i') or array('f'): what
//                  the last layer gives, in the same order
//
// A dense layer is one of sums with height, width and window of 1, and all numbers before it as channels. There is no
// border. After each layer of sums but the last one comes ReLU; in integers the sum with its bias is first shifted down
// by the layer's shift, and what is above 127 is 127. The last layer is one of sums, and gives them as they are. A
// sum that is too great for 32 bits wraps.
//
// The model is copied and checked: layers fit each other, the weights and the biases. run allocates nothing. Its
// arrays have to be apart from each other.

#include "py/dynruntime.h"

#define FIELDS (10)
#define MOST (1 << 24) // of any product of sizes

enum { SUMS, GREATEST };

typedef struct {
    int16_t kind, height, width, channels, rows, columns, down, right, outputs, shift;
} layer_t;

typedef struct {
    mp_obj_base_t base;
    size_t count;
    size_t is_float;
    size_t inputs, outputs;
    layer_t *layers;
    void *weights, *biases;
    void *between[2];
} network_obj_t;

// mpy_ld places zero-initialised variables only when they are not static.
mp_obj_full_type_t network_type;
mp_map_elem_t network_members[1];
static MP_DEFINE_CONST_DICT(network_dict, network_members);

static void check(bool fits) {
    if (!fits) {
        mp_raise_ValueError(MP_ERROR_TEXT("layers, weights, biases, x and out do not fit each other"));
    }
}

static void *items(mp_obj_t obj, mp_uint_t access, char typecode, size_t size, size_t *n) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(obj, &info, access);
    if (info.typecode != typecode) {
        mp_raise_TypeError(MP_ERROR_TEXT("array of another type expected"));
    }
    *n = info.len / size;
    return info.buf;
}

static size_t product(size_t a, size_t b) {
    check(a <= MOST && b <= MOST / a);
    return a * b;
}

static size_t places(int16_t length, int16_t window, int16_t step) {
    return (length - window) / step + 1;
}

static void *copied(const void *from, size_t bytes) {
    return mp_fun_table.memmove_(m_malloc(bytes), from, bytes);
}

static mp_obj_t network_new(mp_obj_t layers_in, mp_obj_t weights_in, mp_obj_t biases_in) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(weights_in, &info, MP_BUFFER_READ);
    const bool is_float = info.typecode == 'f';
    const size_t item = is_float ? sizeof(float) : 1;
    size_t fields, of_weights, of_biases, weights = 0, biases = 0, all = 0, between[2] = {0, 0};
    const layer_t *layers = items(layers_in, MP_BUFFER_READ, 'h', sizeof(int16_t), &fields);
    const void *of_layers = items(weights_in, MP_BUFFER_READ, is_float ? 'f' : 'b', item, &of_weights);
    const void *constants = items(biases_in, MP_BUFFER_READ, is_float ? 'f' : 'i', 4, &of_biases);
    const size_t count = fields / FIELDS;
    check(count > 0 && fields == count * FIELDS && layers[count - 1].kind == SUMS);
    for (size_t i = 0; i < count; i++) {
        const layer_t *at = &layers[i];
        check(at->channels > 0 && at->rows > 0 && at->columns > 0 && at->down > 0 && at->right > 0 && at->outputs > 0);
        check(at->rows <= at->height && at->columns <= at->width && at->shift >= 0 && at->shift < 32);
        check(i == 0 || all == product(product(at->height, at->width), at->channels));
        all = product(product(places(at->height, at->rows, at->down), places(at->width, at->columns, at->right)), at->outputs);
        if (at->kind == SUMS) {
            weights += product(product(product(at->rows, at->columns), at->channels), at->outputs);
            biases += at->outputs;
            check(weights <= of_weights && biases <= of_biases);
        } else {
            check(at->kind == GREATEST && at->outputs == at->channels);
        }
        if (i + 1 < count && between[i % 2] < all) {
            between[i % 2] = all;
        }
    }
    check(weights == of_weights && biases == of_biases);
    network_obj_t *self = mp_obj_malloc(network_obj_t, (mp_obj_type_t *)&network_type);
    self->count = count;
    self->is_float = is_float;
    self->inputs = product(product(layers->height, layers->width), layers->channels);
    self->outputs = all;
    self->layers = copied(layers, count * sizeof(layer_t));
    self->weights = copied(of_layers, weights * item);
    self->biases = copied(constants, biases * 4);
    for (size_t i = 0; i < 2; i++) {
        self->between[i] = between[i] ? m_malloc(between[i] * item) : NULL;
    }
    return MP_OBJ_FROM_PTR(self);
}
static MP_DEFINE_CONST_FUN_OBJ_3(network_new_obj, network_new);

// Inlined, its numbers would not find room in registers.
static __attribute__((noinline)) uint32_t products(const int8_t *x, const int8_t *w, size_t n) {
    uint32_t total = 0;
    for (const int8_t *end = x + n; x < end;) {
        total += *x++ * *w++;
    }
    return total;
}

static const int8_t *sums_int8(const layer_t *at, const int8_t *x, const int8_t *weights, const int32_t *biases, int8_t *to, int32_t *last) {
    const size_t row = (size_t)at->columns * at->channels, line = (size_t)at->width * at->channels;
    const size_t across = places(at->width, at->columns, at->right);
    const int8_t *w = weights;
    for (size_t y = places(at->height, at->rows, at->down); y > 0; y--, x += at->down * line) {
        const int8_t *corner = x;
        for (size_t place = 0; place < across; place++, corner += at->right * at->channels) {
            w = weights;
            for (int32_t k = 0; k < at->outputs; k++) {
                uint32_t total = biases[k];
                const int8_t *from = corner;
                for (int32_t r = 0; r < at->rows; r++, from += line) {
                    total += products(from, w, row);
                    w += row;
                }
                if (last) {
                    *last++ = total;
                } else {
                    const int32_t shifted = (int32_t)total >> at->shift;
                    *to++ = shifted < 0 ? 0 : shifted > 127 ? 127 : shifted;
                }
            }
        }
    }
    return w;
}

static const float *sums_float(const layer_t *at, const float *x, const float *weights, const float *biases, float *to, bool is_last) {
    const size_t row = (size_t)at->columns * at->channels, line = (size_t)at->width * at->channels;
    const size_t across = places(at->width, at->columns, at->right);
    const float *w = weights;
    for (size_t y = places(at->height, at->rows, at->down); y > 0; y--, x += at->down * line) {
        const float *corner = x;
        for (size_t place = 0; place < across; place++, corner += at->right * at->channels) {
            w = weights;
            for (int32_t k = 0; k < at->outputs; k++) {
                float total = biases[k];
                const float *from = corner;
                for (int32_t r = 0; r < at->rows; r++, from += line) {
                    for (const float *one = from, *end = from + row; one < end;) {
                        total += *one++ * *w++;
                    }
                }
                *to++ = is_last || total > 0.0f ? total : 0.0f;
            }
        }
    }
    return w;
}

// The greatest of each window, channel by channel.
#define GREATEST_OF(name, number_t) \
    static void name(const layer_t *at, const number_t *x, number_t *to) { \
        const size_t line = (size_t)at->width * at->channels; \
        const size_t across = places(at->width, at->columns, at->right); \
        for (size_t y = places(at->height, at->rows, at->down); y > 0; y--, x += at->down * line) { \
            const number_t *corner = x; \
            for (size_t place = 0; place < across; place++, corner += at->right * at->channels) { \
                for (int32_t k = 0; k < at->channels; k++) { \
                    const number_t *from = corner + k; \
                    number_t most = *from; \
                    for (int32_t r = 0; r < at->rows; r++, from += line) { \
                        const number_t *one = from; \
                        for (int32_t c = 0; c < at->columns; c++, one += at->channels) { \
                            most = *one > most ? *one : most; \
                        } \
                    } \
                    *to++ = most; \
                } \
            } \
        } \
    }
GREATEST_OF(greatest_int8, int8_t)
GREATEST_OF(greatest_float, float)

static mp_obj_t network_run(mp_obj_t self_in, mp_obj_t x_in, mp_obj_t out_in) {
    const network_obj_t *self = MP_OBJ_TO_PTR(self_in);
    const bool is_float = self->is_float;
    size_t inputs, outputs;
    const void *x = items(x_in, MP_BUFFER_READ, is_float ? 'f' : 'b', is_float ? 4 : 1, &inputs);
    void *out = items(out_in, MP_BUFFER_WRITE, is_float ? 'f' : 'i', 4, &outputs);
    check(inputs == self->inputs && outputs == self->outputs);
    const void *weights = self->weights;
    const int32_t *biases = self->biases; // of floats the same number of bytes
    for (size_t i = 0; i < self->count; i++) {
        const layer_t *at = &self->layers[i];
        const bool is_last = i + 1 == self->count;
        void *to = is_last ? out : self->between[i % 2];
        if (at->kind == GREATEST) {
            if (is_float) {
                greatest_float(at, x, to);
            } else {
                greatest_int8(at, x, to);
            }
        } else {
            if (is_float) {
                weights = sums_float(at, x, weights, (const float *)biases, to, is_last);
            } else {
                weights = sums_int8(at, x, weights, biases, to, is_last ? to : NULL);
            }
            biases += at->outputs;
        }
        x = to;
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_3(network_run_obj, network_run);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY

    network_type.base.type = (void *)&mp_type_type;
    network_type.flags = MP_TYPE_FLAG_NONE;
    network_type.name = MP_QSTR_Network;
    network_members[0] = (mp_map_elem_t) {MP_OBJ_NEW_QSTR(MP_QSTR_run), MP_OBJ_FROM_PTR(&network_run_obj)};
    MP_OBJ_TYPE_SET_SLOT(&network_type, locals_dict, (void *)&network_dict, 0);

    mp_store_global(MP_QSTR_new, MP_OBJ_FROM_PTR(&network_new_obj));

    MP_DYNRUNTIME_INIT_EXIT
}
