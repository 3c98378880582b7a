// The timer of the privileged architecture ("Machine Timer Registers") at MTIME_BASE, which counts with MTIME_MHZ, as a
// counter of microseconds.

#pragma once

#include "board.h"

#define MTIME_LOW REGISTER(MTIME_BASE)
#define MTIME_HIGH REGISTER(MTIME_BASE + 4)

#define TURN_US (0x100000000 / MTIME_MHZ) // of the lower half
#define TURN_REST (0x100000000 % MTIME_MHZ)

static inline void counter_start(void) {
    // It always runs.
}

// In halves: to divide all 64 bits takes the more instructions the later it is.
static inline uint32_t counter_us(void) {
    uint32_t low, high;
    do {
        high = MTIME_HIGH;
        low = MTIME_LOW;
    } while (high != MTIME_HIGH);
    return high * (uint32_t)TURN_US + low / MTIME_MHZ + (high * (uint32_t)TURN_REST + low % MTIME_MHZ) / MTIME_MHZ;
}
