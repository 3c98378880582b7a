// The counter in the FPGA I/O block of MPS2 boards (Arm DAI 0505, section 3.10) at FPGAIO_BASE, clocked with CLOCK_MHZ.

#pragma once

#include "board.h"

#define FPGAIO_COUNTER REGISTER(FPGAIO_BASE + 0x18)
#define FPGAIO_PRESCALE REGISTER(FPGAIO_BASE + 0x1c)

static inline void counter_start(void) {
    FPGAIO_PRESCALE = CLOCK_MHZ - 1; // one count per microsecond
    FPGAIO_COUNTER = 0;
}

static inline uint32_t counter_us(void) {
    return FPGAIO_COUNTER;
}
