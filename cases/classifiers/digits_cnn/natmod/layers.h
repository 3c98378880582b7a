// The layer of filters and the dense layer, for the types that the file which includes this has defined:
//
//   VALUE     of pixels, weights and features
//   SUM       of sums and biases
//   NAMED(x)  the function x for these types
//   FINISH(sum, bias, shift)  the feature that a sum becomes
//   PLUS(a, b)  the sum of two

// The sum of a filter over the patch whose first pixel is x[0].
static SUM NAMED(patch)(const VALUE *x, const VALUE *w) {
    SUM total = 0;
    for (size_t row = 0; row < 3; row++, x += SIDE, w += 3) {
        total += x[0] * w[0] + x[1] * w[1] + x[2] * w[2];
    }
    return total;
}

static SUM NAMED(greater)(SUM a, SUM b) {
    return a < b ? b : a;
}

static void NAMED(convolve)(const VALUE *x, const VALUE *weights, const SUM *biases, mp_int_t shift, VALUE *features) {
    for (size_t row = 0; row < 2 * POOLED; row += 2) {
        for (size_t column = 0; column < 2 * POOLED; column += 2) {
            const VALUE *corner = x + row * SIDE + column;
            for (size_t k = 0; k < FILTERS; k++) {
                const VALUE *w = weights + 9 * k;
                const SUM above = NAMED(greater)(NAMED(patch)(corner, w), NAMED(patch)(corner + 1, w));
                const SUM below = NAMED(greater)(NAMED(patch)(corner + SIDE, w), NAMED(patch)(corner + SIDE + 1, w));
                // The greatest of what is limited is the greatest, limited.
                *features++ = FINISH(NAMED(greater)(above, below), biases[k], shift);
            }
        }
    }
}

static void NAMED(network)(const VALUE *x, const VALUE *weights, const SUM *biases, mp_int_t shift, SUM *out,
    size_t classes) {
    VALUE features[FEATURES];
    NAMED(convolve)(x, weights, biases, shift, features);
    weights += 9 * FILTERS;
    for (size_t k = 0; k < classes; k++) {
        SUM total = 0;
        for (size_t i = 0; i < FEATURES; i++) {
            total += features[i] * *weights++;
        }
        out[k] = PLUS(total, biases[FILTERS + k]);
    }
}

#undef VALUE
#undef SUM
#undef NAMED
#undef FINISH
#undef PLUS
