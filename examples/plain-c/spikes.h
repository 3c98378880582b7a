// Finds spikes: samples that are further from the median of their neighbours than a limit.

#pragma once

#include <stddef.h>
#include <stdint.h>

// Returns how many of n samples are spikes, and replaces each by that median.
size_t mend_spikes(int16_t *samples, size_t n, int16_t limit);
