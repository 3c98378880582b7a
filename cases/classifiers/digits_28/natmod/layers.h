// A layer of filters and a dense layer, for the types that the file which includes this has defined:
//
//   VALUE     of pixels, weights and features
//   SUM       of sums and biases
//   NAMED(x)  the function x for these types
//   FINISH(sum, bias, shift)  the feature that a sum becomes
//   PLUS(a, b)  the sum of two

static SUM NAMED(product)(const VALUE *x, const VALUE *w, size_t n) {
    SUM total = 0;
    for (size_t i = 0; i < n; i++) {
        total += x[i] * w[i];
    }
    return total;
}

// Filters of 3x3 without a border over side x side pixels of some channels, then the greatest of each 2x2 places.
static void NAMED(convolve)(const VALUE *x, size_t side, size_t channels, const VALUE *weights, const SUM *biases,
    size_t filters, mp_int_t shift, VALUE *out) {
    const size_t line = side * channels, seen = 3 * channels, pooled = (side - 2) / 2;
    for (size_t place = 0; place < pooled * pooled; place++) {
        const VALUE *corner = x + place / pooled * 2 * line + place % pooled * 2 * channels;
        const VALUE *w = weights;
        for (size_t k = 0; k < filters; k++, w += 3 * seen) {
            SUM most = 0;
            for (size_t at = 0; at < 4; at++) {
                const VALUE *patch = corner + (at >> 1) * line + (at & 1) * channels;
                SUM sum = NAMED(product)(patch, w, seen);
                sum += NAMED(product)(patch + line, w + seen, seen);
                sum += NAMED(product)(patch + 2 * line, w + 2 * seen, seen);
                if (at == 0 || sum > most) {
                    most = sum;
                }
            }
            *out++ = FINISH(most, biases[k], shift);
        }
    }
}

static void NAMED(network)(const VALUE *x, const VALUE *weights, const SUM *biases, const mp_int_t *shifts,
    SUM *out, size_t classes) {
    VALUE first[FIRST_PLACES * FIRST], second[FEATURES];
    NAMED(convolve)(x, SIDE, 1, weights, biases, FIRST, shifts[0], first);
    weights += 9 * FIRST;
    biases += FIRST;
    NAMED(convolve)(first, POOLED, FIRST, weights, biases, SECOND, shifts[1], second);
    weights += 9 * FIRST * SECOND;
    biases += SECOND;
    for (size_t k = 0; k < classes; k++, weights += FEATURES) {
        out[k] = PLUS(NAMED(product)(second, weights, FEATURES), biases[k]);
    }
}

#undef VALUE
#undef SUM
#undef NAMED
#undef FINISH
#undef PLUS
