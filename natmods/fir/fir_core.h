// Finite impulse response filters, float32 and Q15.
//
//   y[i] = taps[0]*x[i] + taps[1]*x[i-1] + ... + taps[n-1]*x[i-n+1]
//
// summed from the newest sample to the oldest. float32 rounds every product and every sum (the
// Makefile forbids fused multiply-add). Q15 sums the exact products in 64 bits, so that nothing can
// overflow, and rounds once: half a step up, then saturation.
//
// The past lives in a ring of n samples whose newest is at index `at`; the older ones follow it.
//
// Plain C without MicroPython, so that it also compiles for the host.

#ifndef FIR_CORE_H
#define FIR_CORE_H

#include <stddef.h>
#include <stdint.h>

static size_t fir_advance(size_t at, size_t n) {
    return (at == 0 ? n : at) - 1;
}

// Filter len samples from in to out, return the new position in the ring.
static size_t fir_run_f32(const float *taps, float *ring, size_t n, size_t at, const float *in, float *out, size_t len) {
    for (size_t i = 0; i < len; i++) {
        at = fir_advance(at, n);
        ring[at] = in[i];
        const float *tap = taps;
        float sum = 0.0f;
        for (size_t k = at; k < n; k++) {
            sum += *tap++ * ring[k];
        }
        for (size_t k = 0; k < at; k++) {
            sum += *tap++ * ring[k];
        }
        out[i] = sum;
    }
    return at;
}

static int16_t fir_round_q15(int64_t sum_q30) {
    const int64_t y = (sum_q30 + (1 << 14)) >> 15;
    return y > INT16_MAX ? INT16_MAX : y < INT16_MIN ? INT16_MIN : (int16_t)y;
}

static size_t fir_run_q15(const int16_t *taps, int16_t *ring, size_t n, size_t at, const int16_t *in, int16_t *out, size_t len) {
    for (size_t i = 0; i < len; i++) {
        at = fir_advance(at, n);
        ring[at] = in[i];
        const int16_t *tap = taps;
        int64_t sum = 0;
        for (size_t k = at; k < n; k++) {
            sum += (int32_t)*tap++ * ring[k];
        }
        for (size_t k = 0; k < at; k++) {
            sum += (int32_t)*tap++ * ring[k];
        }
        out[i] = fir_round_q15(sum);
    }
    return at;
}

#endif // FIR_CORE_H
