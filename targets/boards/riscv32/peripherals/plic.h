// The controller of external interrupts (RISC-V Platform-Level Interrupt Controller Specification 1.0.0) at PLIC_BASE. Its
// context 0 is machine mode of the first core.

#pragma once

#include "board.h"

#define PLIC_PRIORITY(source) REGISTER(PLIC_BASE + 4 * (source))
#define PLIC_ENABLE(source) REGISTER(PLIC_BASE + 0x2000 + (source) / 32 * 4)
#define PLIC_THRESHOLD REGISTER(PLIC_BASE + 0x200000)
#define PLIC_CLAIM REGISTER(PLIC_BASE + 0x200004)

static inline void plic_start(unsigned source) {
    PLIC_PRIORITY(source) = 1;
    PLIC_ENABLE(source) = 1u << source % 32;
    PLIC_THRESHOLD = 0;
}

__attribute__((always_inline)) static inline uint32_t plic_claim(void) {
    return PLIC_CLAIM;
}

__attribute__((always_inline)) static inline void plic_complete(uint32_t source) {
    PLIC_CLAIM = source;
}
