// Conversions, scaling and limiting of sample arrays, float32 and int16.
//
// Plain C without MicroPython and without libm, so that it also compiles for the host.

#ifndef ARRAYUTILS_CORE_H
#define ARRAYUTILS_CORE_H

#include <stddef.h>
#include <stdint.h>

// Round to the nearest integer, ties to even, and saturate; NaN gives 0.
//
// Adding and taking away 1.5 * 2^23 leaves no room for a fraction in a float32, so the addition itself
// rounds, in the default mode of IEEE 754 (Hacker's Delight, 2nd edition, chapter 17).
static int16_t au_saturate_int16(float x) {
    if (x >= 32767.0f) {
        return INT16_MAX;
    }
    if (x <= -32768.0f) {
        return INT16_MIN;
    }
    if (x != x) {
        return 0;
    }
    const float magic = 12582912.0f;
    return (int16_t)(int32_t)((x + magic) - magic);
}

static void au_int16_to_float(const int16_t *in, float *out, size_t n, float scale) {
    for (size_t i = 0; i < n; i++) {
        out[i] = (float)in[i] * scale;
    }
}

static void au_float_to_int16(const float *in, int16_t *out, size_t n, float scale) {
    for (size_t i = 0; i < n; i++) {
        out[i] = au_saturate_int16(in[i] * scale);
    }
}

static void au_scale_float(const float *in, float *out, size_t n, float factor) {
    for (size_t i = 0; i < n; i++) {
        out[i] = in[i] * factor;
    }
}

static void au_scale_int16(const int16_t *in, int16_t *out, size_t n, float factor) {
    for (size_t i = 0; i < n; i++) {
        out[i] = au_saturate_int16((float)in[i] * factor);
    }
}

static void au_clip_float(const float *in, float *out, size_t n, float low, float high) {
    for (size_t i = 0; i < n; i++) {
        const float x = in[i];
        out[i] = x < low ? low : x > high ? high : x; // both comparisons are false for NaN
    }
}

static void au_clip_int16(const int16_t *in, int16_t *out, size_t n, int16_t low, int16_t high) {
    for (size_t i = 0; i < n; i++) {
        const int16_t x = in[i];
        out[i] = x < low ? low : x > high ? high : x;
    }
}

#endif // ARRAYUTILS_CORE_H
