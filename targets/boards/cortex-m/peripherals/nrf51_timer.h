// A timer of the nRF51 (nRF51 Series Reference Manual 3.0, section 18) at TIMER_BASE, as a counter of microseconds.

#pragma once

#include "board.h"

#define TIMER_START REGISTER(TIMER_BASE + 0x000)
#define TIMER_CLEAR REGISTER(TIMER_BASE + 0x00c)
#define TIMER_CAPTURE REGISTER(TIMER_BASE + 0x040)
#define TIMER_BITMODE REGISTER(TIMER_BASE + 0x508)
#define TIMER_PRESCALER REGISTER(TIMER_BASE + 0x510)
#define TIMER_CC REGISTER(TIMER_BASE + 0x540)

#define BITMODE_32 3
#define PRESCALER_1_MHZ 4 // 16 MHz, divided by 2 to the power of this

static inline void counter_start(void) {
    TIMER_BITMODE = BITMODE_32;
    TIMER_PRESCALER = PRESCALER_1_MHZ;
    TIMER_CLEAR = 1;
    TIMER_START = 1;
}

static inline uint32_t counter_us(void) {
    TIMER_CAPTURE = 1;
    return TIMER_CC;
}
