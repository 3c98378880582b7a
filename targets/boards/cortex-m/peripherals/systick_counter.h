// Microseconds by the core's SysTick (Arm DDI 0403, section B3.3), of CLOCK_MHZ. It has 24 bits and no interrupt here: who
// asks less often than it wraps, each 2^24 / CLOCK_MHZ microseconds, sees less time than passed.

#pragma once

#include "board.h"

#define SYST_CSR REGISTER(0xe000e010)
#define SYST_RVR REGISTER(0xe000e014)
#define SYST_CVR REGISTER(0xe000e018)
#define SYST_BITS 0x00ffffffu

#define CSR_ENABLE (1 << 0)
#define CSR_CORE_CLOCK (1 << 2)

static inline void counter_start(void) {
    SYST_RVR = SYST_BITS;
    SYST_CVR = 0;
    SYST_CSR = CSR_ENABLE | CSR_CORE_CLOCK;
}

static inline uint32_t counter_us(void) {
    static uint32_t before = SYST_BITS;
    static uint64_t ticks;
    uint32_t now = SYST_CVR;
    ticks += (before - now) & SYST_BITS; // it counts down
    before = now;
    return (uint32_t)(ticks / CLOCK_MHZ);
}
