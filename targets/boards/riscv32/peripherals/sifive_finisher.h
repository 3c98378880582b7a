// The device at FINISHER_BASE that ends an emulation or resets it (QEMU's hw/misc/sifive_test.c).

#pragma once

#include "board.h"

#define FINISHER_RESET 0x7777

static inline void chip_reset(void) {
    REGISTER(FINISHER_BASE) = FINISHER_RESET;
}
