// kmeans: which centroid each point is nearest to.
//
//   assign(points, centroids, out)   points, centroids: array('h'), four numbers each, one after the other,
//                                    of 14 bits at most; out: array('B') or bytearray, a number a point; of
//                                    equals the first
//
// Nothing is allocated. Squares of distances are summed in 32 bits, which hold them for numbers of 14 bits.

#include "py/dynruntime.h"

#define FEATURES (4)

static size_t items(mp_obj_t obj, mp_uint_t access, char typecode, size_t size, void **to) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(obj, &info, access);
    if (info.typecode != typecode && !(typecode == 'B' && info.typecode == BYTEARRAY_TYPECODE)) {
        mp_raise_TypeError(MP_ERROR_TEXT("array of another type expected"));
    }
    *to = info.buf;
    return info.len / size;
}

static mp_obj_t assign(mp_obj_t points_in, mp_obj_t centroids_in, mp_obj_t out_in) {
    void *points, *centroids, *out;
    const size_t numbers = items(points_in, MP_BUFFER_READ, 'h', sizeof(int16_t), &points);
    const size_t of_centroids = items(centroids_in, MP_BUFFER_READ, 'h', sizeof(int16_t), &centroids);
    const size_t n = items(out_in, MP_BUFFER_WRITE, 'B', 1, &out), clusters = of_centroids / FEATURES;
    if (numbers != FEATURES * n || clusters == 0 || clusters > 256 || of_centroids != FEATURES * clusters) {
        mp_raise_ValueError(MP_ERROR_TEXT("points, centroids and out do not fit each other"));
    }
    const int16_t *x = points;
    for (size_t i = 0; i < n; i++, x += FEATURES) {
        const int16_t *c = centroids;
        uint32_t least = UINT32_MAX;
        for (size_t k = 0; k < clusters; k++) {
            uint32_t square = 0;
            for (size_t j = 0; j < FEATURES; j++) {
                const int32_t apart = x[j] - *c++;
                square += (uint32_t)apart * apart;
            }
            if (square < least) {
                least = square;
                ((uint8_t *)out)[i] = k;
            }
        }
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_3(assign_obj, assign);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY

    mp_store_global(MP_QSTR_assign, MP_OBJ_FROM_PTR(&assign_obj));

    MP_DYNRUNTIME_INIT_EXIT
}
