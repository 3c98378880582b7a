#include "spikes.h"

#define WIDTH 5

static int16_t median(const int16_t *window) {
    int16_t sorted[WIDTH];
    for (size_t i = 0; i < WIDTH; i++) {
        size_t at = i;
        for (; at > 0 && sorted[at - 1] > window[i]; at--) {
            sorted[at] = sorted[at - 1];
        }
        sorted[at] = window[i];
    }
    return sorted[WIDTH / 2];
}

size_t mend_spikes(int16_t *samples, size_t n, int16_t limit) {
    size_t found = 0;
    for (size_t i = WIDTH / 2; i + WIDTH / 2 < n; i++) {
        int16_t middle = median(&samples[i - WIDTH / 2]);
        int32_t distance = samples[i] - middle;
        if (distance > limit || distance < -limit) {
            samples[i] = middle;
            found++;
        }
    }
    return found;
}
