// Runs mend_spikes on a saw-tooth with spikes, and prints what comes out.

#include <stdio.h>

#include "harness.h"
#include "spikes.h"

#define SAMPLES 200

int main(void) {
    static int16_t samples[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) {
        samples[i] = (int16_t)(i % 50 * 10 + (i % 37 == 5 ? 3000 : 0));
    }
    harness_start("mend_spikes");
    size_t found = mend_spikes(samples, SAMPLES, 500);
    harness_stop();
    printf("%u\n", (unsigned)found);
    for (int i = 0; i < SAMPLES; i++) {
        printf("%d\n", samples[i]);
    }
    return 0;
}
