// The kernels for one type of data. It is included once for each: DATA is the type, SUM what products are added up
// in, NAME(x) the name of x for it, IS_FLOAT whether it has a fraction. Of integers, SHIFT is how many bits their
// coefficients have after the point, SHIFT2 those of coefficients up to 2, and LEAST and MOST what DATA can hold.

#if IS_FLOAT
#define SCALED(sum, bits) (sum)
#define HALF(sum) ((sum) * 0.5f)
#define SQUARES(re, im) ((re) * (re) + (im) * (im))
#else
#define SCALED(sum, bits) saturated((sum) >> (bits), LEAST, MOST)
#define HALF(sum) ((sum) >> 1)
#define SQUARES(re, im) (((re) * (re) + (im) * (im)) >> 4)
#endif

static void NAME(multiply_add)(const buffers_t *args) {
    const DATA *src = args->src, *coefs = args->coefs;
    SUM sum = 0;
    for (size_t i = 0; i < args->count / sizeof(DATA); ++i) {
        sum += (SUM)src[i] * coefs[i];
    }
    *(SUM *)args->out = sum;
}

static void NAME(convolution)(const buffers_t *args) {
    const DATA *src = args->src, *k = args->coefs;
    DATA *out = args->out;
    const size_t width = args->table[0], rows = args->table[1];
    for (size_t y = 0; y + 2 < rows; ++y) {
        const DATA *a = src + y * width, *b = a + width, *c = b + width;
        for (size_t x = 0; x + 2 < width; ++x) {
            const SUM sum = (SUM)a[x] * k[0] + (SUM)a[x + 1] * k[1] + (SUM)a[x + 2] * k[2]
                + (SUM)b[x] * k[3] + (SUM)b[x + 1] * k[4] + (SUM)b[x + 2] * k[5]
                + (SUM)c[x] * k[6] + (SUM)c[x + 1] * k[7] + (SUM)c[x + 2] * k[8];
            *out++ = SCALED(sum, SHIFT);
        }
    }
}

// table: how many trees, the node at which each begins, then for each node its feature and the two that follow it;
// below 0 is a leaf, whose class is -1 - number.
static void NAME(tree_nodes)(const buffers_t *args) {
    const DATA *src = args->src, *thresholds = args->coefs;
    const int16_t *roots = args->table + 1, trees = args->table[0], *nodes = roots + trees;
    int32_t *votes = args->out;
    for (int tree = 0; tree < trees; ++tree) {
        int at = roots[tree];
        do {
            const int16_t *node = nodes + 3 * at;
            at = src[node[0]] < thresholds[at] ? node[1] : node[2];
        } while (at >= 0);
        ++votes[-1 - at];
    }
}

// Radix 2, decimation in time, in place; each step halves, so that integers do not overflow.
static void NAME(transform)(DATA *z, size_t n, const DATA *twiddles) {
    for (size_t i = 1, j = 0; i < n; ++i) {
        size_t bit = n >> 1;
        for (; j & bit; bit >>= 1) {
            j ^= bit;
        }
        j |= bit;
        if (i < j) {
            const DATA re = z[2 * i], im = z[2 * i + 1];
            z[2 * i] = z[2 * j];
            z[2 * i + 1] = z[2 * j + 1];
            z[2 * j] = re;
            z[2 * j + 1] = im;
        }
    }
    for (size_t half = 1, step = n / 2; half < n; half *= 2, step /= 2) {
        for (size_t k = 0; k < half; ++k) {
            const SUM wr = twiddles[2 * k * step], wi = twiddles[2 * k * step + 1];
            for (size_t i = k; i < n; i += 2 * half) {
                DATA *a = z + 2 * i, *b = a + 2 * half;
                const SUM re = SCALED(b[0] * wr - b[1] * wi, SHIFT), im = SCALED(b[0] * wi + b[1] * wr, SHIFT);
                const SUM ar = a[0], ai = a[1];
                b[0] = HALF(ar - re);
                b[1] = HALF(ai - im);
                a[0] = HALF(ar + re);
                a[1] = HALF(ai + im);
            }
        }
    }
}

static void NAME(fft)(const buffers_t *args) {
    const DATA *src = args->src;
    DATA *out = args->out;
    const size_t n = args->count / sizeof(DATA) / 2;
    for (size_t i = 0; i < 2 * n; ++i) {
        out[i] = src[i];
    }
    NAME(transform)(out, n, args->coefs);
}

// coefs: a window, the factors of the transform, then the weights of all bands; table: a scratch area of complex
// numbers is behind the bands, which are the first bin and how many.
static void NAME(mel_spectrum)(const buffers_t *args) {
    const DATA *src = args->src, *window = args->coefs;
    const size_t n = args->count / sizeof(DATA), bands = args->table[0];
    const DATA *twiddles = window + n, *weights = twiddles + n;
    SUM *out = args->out;
    DATA *z = (DATA *)(out + bands);
    for (size_t i = 0; i < n; ++i) {
        z[2 * i] = SCALED((SUM)src[i] * window[i], SHIFT);
        z[2 * i + 1] = 0;
    }
    NAME(transform)(z, n, twiddles);
    for (size_t band = 0; band < bands; ++band) {
        const int16_t *bins = args->table + 1 + 2 * band;
        SUM sum = 0;
        for (int bin = bins[0]; bin < bins[0] + bins[1]; ++bin) {
            const SUM re = z[2 * bin], im = z[2 * bin + 1];
            sum += *weights++ * SQUARES(re, im);
        }
        *out++ = sum;
    }
}

static void NAME(conversion)(const buffers_t *args) {
    const DATA *src = args->src;
    const float factor = *(const float *)args->coefs;
    for (size_t i = 0; i < args->count / sizeof(DATA); ++i) {
#if IS_FLOAT
        const float scaled = src[i] * factor;
        ((int16_t *)args->out)[i] = scaled >= 32767.0f ? 32767 : scaled <= -32768.0f ? -32768 : (int16_t)scaled;
#else
        ((float *)args->out)[i] = src[i] * factor;
#endif
    }
}

// coefs: b0, b1, b2, a1, a2 of each section, direct form I; each call begins with silence.
static void NAME(biquad)(const buffers_t *args) {
    const DATA *src = args->src, *c = args->coefs;
    DATA *out = args->out;
    const size_t length = args->count / sizeof(DATA);
    for (int section = 0; section < args->table[0]; ++section, c += 5, src = out) {
        SUM x1 = 0, x2 = 0, y1 = 0, y2 = 0;
        for (size_t i = 0; i < length; ++i) {
            const SUM x = src[i];
            const SUM y = SCALED(c[0] * x + c[1] * x1 + c[2] * x2 - c[3] * y1 - c[4] * y2, SHIFT2);
            x2 = x1;
            x1 = x;
            y2 = y1;
            y1 = y;
            out[i] = y;
        }
    }
}

FUNCTION(multiply_add)
FUNCTION(convolution)
FUNCTION(tree_nodes)
FUNCTION(fft)
FUNCTION(mel_spectrum)
FUNCTION(conversion)
FUNCTION(biquad)

#undef SCALED
#undef HALF
#undef SQUARES
#undef DATA
#undef SUM
#undef NAME
#undef IS_FLOAT
#undef SHIFT
#undef SHIFT2
#undef LEAST
#undef MOST
