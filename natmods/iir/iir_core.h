// Cascaded second-order sections in float32, transposed direct form II.
//
//   y  = b0*x + s1
//   s1 = (b1*x - a1*y) + s2
//   s2 = b2*x - a2*y
//
// (Oppenheim & Schafer, Discrete-Time Signal Processing, section 6.3.) Every product and sum is
// rounded to float32 on its own and in this order; the Makefile forbids fused multiply-add. So the
// result is the same, bit for bit, on every core with IEEE 754 arithmetic, in hardware or software.
//
// Plain C without MicroPython, so that it also compiles for the host.

#ifndef IIR_CORE_H
#define IIR_CORE_H

#include <stddef.h>

typedef struct {
    float b0, b1, b2, a1, a2;
    float s1, s2;
} iir_section_t;

// Filter n samples from in to out; out is in itself or does not overlap it.
static void iir_run(iir_section_t *sections, size_t count, const float *in, float *out, size_t n) {
    for (iir_section_t *s = sections; s < sections + count; s++) {
        const float b0 = s->b0, b1 = s->b1, b2 = s->b2, a1 = s->a1, a2 = s->a2;
        float s1 = s->s1, s2 = s->s2;
        for (size_t i = 0; i < n; i++) {
            const float x = in[i];
            const float y = b0 * x + s1;
            s1 = (b1 * x - a1 * y) + s2;
            s2 = b2 * x - a2 * y;
            out[i] = y;
        }
        s->s1 = s1;
        s->s2 = s2;
        in = out; // the next section filters what this one gave
    }
}

static void iir_reset(iir_section_t *sections, size_t count) {
    for (size_t i = 0; i < count; i++) {
        sections[i].s1 = 0.0f;
        sections[i].s2 = 0.0f;
    }
}

#endif // IIR_CORE_H
