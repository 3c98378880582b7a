// What is done with the core itself: its start, and its interrupts.

#pragma once

#include "board.h"
#include "board_chip.h"

extern uint8_t _fault_stack;

void board_trap(void);

// What the core needs before C code runs that uses all of it.
static inline void core_start(void) {
    CSR_WRITE(mtvec, board_trap);
    CSR_WRITE(mscratch, &_fault_stack); // what board_trap() takes for its stack
    plic_start(CONSOLE_INTERRUPT);
}

// A reset of the whole system.
static inline void core_reset(void) {
    chip_reset();
}

// One interrupt, by its number: the controller passes the console's on, always, and the core takes it or not. No other
// is ever enabled.

#define MIE_EXTERNAL (1 << 11)
#define MSTATUS_MIE (1 << 3)

__attribute__((always_inline)) static inline void interrupt_enable(unsigned number) {
    (void)number;
    CSR_SET(mie, MIE_EXTERNAL);
}

__attribute__((always_inline)) static inline void interrupt_disable(unsigned number) {
    (void)number;
    CSR_CLEAR(mie, MIE_EXTERNAL);
}

__attribute__((always_inline)) static inline void interrupt_clear(unsigned number) {
    (void)number;
    plic_complete(plic_claim());
}

__attribute__((always_inline)) static inline void interrupts_settle(void) {
    // A write to a register of the core is done before the next instruction.
}

// All of them.

__attribute__((always_inline)) static inline void interrupts_mask(void) {
    CSR_CLEAR(mstatus, MSTATUS_MIE);
}

__attribute__((always_inline)) static inline void interrupts_unmask(void) {
    CSR_SET(mstatus, MSTATUS_MIE);
}

// What is pending is taken before anything else.
__attribute__((always_inline)) static inline void interrupts_take(void) {
    // It has been.
}
