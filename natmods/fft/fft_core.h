// Radix-2 fast Fourier transforms in float32, complex and real.
//
// Decimation in time (Cooley & Tukey, Math. Comp. 19, 1965) on interleaved real and imaginary parts, in
// place. The real transform packs n samples into n/2 complex ones and separates the two halves of the
// spectrum afterwards (Press et al., Numerical Recipes, section 12.3). With a unit roundoff u = 2^-24
// and twiddle factors that are good to 2u, the relative error is below log2(n) * 8u (Higham, Accuracy
// and Stability of Numerical Algorithms, 2nd edition, theorem 24.2).
//
// Plain C without MicroPython and without libm, so that it also compiles for the host.

#ifndef FFT_CORE_H
#define FFT_CORE_H

#include <stddef.h>
#include <stdint.h>

// cos and sin of 2*pi*k/n for 0 <= k <= n/8, by their Taylor series; 2*pi/8 needs the terms to x^10.
static void fft_small_angle(float k_over_n, float *c, float *s) {
    // 2*pi in two parts: the product with the first is exact
    const float x = 6.28125f * k_over_n + 1.9353071795864769e-3f * k_over_n;
    const float q = x * x;
    *s = x + x * q * (-1.0f / 6 + q * (1.0f / 120 + q * (-1.0f / 5040 + q * (1.0f / 362880))));
    *c = 1.0f + q * (-0.5f + q * (1.0f / 24 + q * (-1.0f / 720 + q * (1.0f / 40320 + q * (-1.0f / 3628800)))));
}

// Fill w with exp(-2j*pi*k/n) for k below n/2: n floats.
static void fft_twiddles(float *w, size_t n) {
    for (size_t k = 0; k < n / 2; k++) {
        // Mirror the angle into the first quarter, then into the first eighth of the circle.
        const size_t quarter = k <= n / 4 ? k : n / 2 - k;
        float c, s;
        if (quarter <= n / 8) {
            fft_small_angle((float)quarter / (float)n, &c, &s);
        } else {
            fft_small_angle((float)(n / 4 - quarter) / (float)n, &s, &c);
        }
        w[2 * k] = k <= n / 4 ? c : -c;
        w[2 * k + 1] = -s;
    }
}

// Put x[k] where the index with reversed bits is.
static void fft_reorder(float *x, size_t n) {
    for (size_t i = 0, j = 0; i < n; i++) {
        if (i < j) {
            const float re = x[2 * i], im = x[2 * i + 1];
            x[2 * i] = x[2 * j];
            x[2 * i + 1] = x[2 * j + 1];
            x[2 * j] = re;
            x[2 * j + 1] = im;
        }
        size_t bit = n >> 1;
        while (bit != 0 && (j & bit)) {
            j ^= bit;
            bit >>= 1;
        }
        j |= bit;
    }
}

// Transform n complex numbers in place. The twiddle factors are those of a transform of n*stride;
// sign is 1.0 forward, -1.0 inverse. Nothing is scaled.
static void fft_complex(float *x, size_t n, const float *w, size_t stride, float sign) {
    fft_reorder(x, n);
    for (size_t half = 1; half < n; half *= 2) {
        const size_t step = stride * (n / (2 * half));
        for (size_t k = 0; k < half; k++) {
            const float wr = w[2 * k * step], wi = sign * w[2 * k * step + 1];
            for (size_t i = k; i < n; i += 2 * half) {
                float *a = x + 2 * i, *b = x + 2 * (i + half);
                const float tr = wr * b[0] - wi * b[1];
                const float ti = wr * b[1] + wi * b[0];
                b[0] = a[0] - tr;
                b[1] = a[1] - ti;
                a[0] += tr;
                a[1] += ti;
            }
        }
    }
}

// Transform n real numbers in x into n/2 + 1 complex ones in place: x holds n + 2 floats.
static void fft_real(float *x, size_t n, const float *w) {
    const size_t half = n / 2;
    fft_complex(x, half, w, 2, 1.0f);
    x[n] = x[0]; // the packed spectrum is periodic
    x[n + 1] = x[1];
    for (size_t k = 0; k <= half / 2; k++) {
        float *a = x + 2 * k, *b = x + 2 * (half - k);
        const float er = 0.5f * (a[0] + b[0]), ei = 0.5f * (a[1] - b[1]); // of the even samples
        const float gr = 0.5f * (a[1] + b[1]), gi = 0.5f * (b[0] - a[0]); // of the odd samples
        const float wr = w[2 * k], wi = w[2 * k + 1];
        const float tr = wr * gr - wi * gi, ti = wr * gi + wi * gr;
        a[0] = er + tr;
        a[1] = ei + ti;
        b[0] = er - tr;
        b[1] = ti - ei;
    }
}

// The inverse of fft_real without scaling, gives n/2 times the samples. x holds the first n floats of the
// spectrum, its real last number comes apart. As numpy does, take the ends of the spectrum for real.
static void fft_real_inverse(float *x, float last, size_t n, const float *w) {
    const size_t half = n / 2;
    const float first = x[0];
    x[0] = 0.5f * (first + last);
    x[1] = 0.5f * (first - last);
    for (size_t k = 1; k <= half / 2; k++) {
        float *a = x + 2 * k, *b = x + 2 * (half - k);
        const float er = 0.5f * (a[0] + b[0]), ei = 0.5f * (a[1] - b[1]);
        const float dr = 0.5f * (a[0] - b[0]), di = 0.5f * (a[1] + b[1]);
        const float wr = w[2 * k], wi = -w[2 * k + 1];
        const float gr = wr * dr - wi * di, gi = wr * di + wi * dr;
        a[0] = er - gi;
        a[1] = ei + gr;
        b[0] = er + gi;
        b[1] = gr - ei;
    }
    fft_complex(x, half, w, 2, -1.0f);
}

static void fft_scale(float *x, size_t n, float factor) {
    for (size_t i = 0; i < n; i++) {
        x[i] *= factor;
    }
}

#endif // FFT_CORE_H
