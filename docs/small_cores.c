// A model of emlearn's that classifies samples: on a small core, where each call is counted, and on the host. model.h is
// what emlearn generated, samples.h has SAMPLES, FEATURES, the type `feature`, the samples, and PREDICT.

#include <stdint.h>
#include <stdio.h>

#ifdef __AVR__
#include <avr/pgmspace.h>
#define IN_FLASH PROGMEM
#define FROM_FLASH memcpy_P
#else
#define IN_FLASH
#define FROM_FLASH memcpy
#endif
#include <string.h>

#include "harness.h"
#include "model.h"
#include "samples.h"

int main(void) {
    for (int number = 0; number < SAMPLES; number++) {
        feature sample[FEATURES];
        FROM_FLASH(sample, samples[number], sizeof(sample));
        harness_start("predict");
        int class_ = PREDICT(sample, FEATURES);
        harness_stop();
        putchar('0' + class_);
#ifdef REGRESS
        // Each output as its bits.
        float outputs[REGRESS];
        net_regress(sample, FEATURES, outputs, REGRESS);
        for (int at = 0; at < REGRESS; at++) {
            uint32_t bits;
            memcpy(&bits, &outputs[at], sizeof(bits));
            putchar(' ');
            for (int shift = 28; shift >= 0; shift -= 4) {
                putchar("0123456789abcdef"[bits >> shift & 15]);
            }
        }
#endif
        putchar('\n');
    }
    return 0;
}
