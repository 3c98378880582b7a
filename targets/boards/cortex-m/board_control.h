// What is done with a Cortex-M core itself: its start, and its interrupts.

#pragma once

#include "board.h"

// What the core needs before C code runs that uses all of it.
__attribute__((always_inline)) static inline void core_start(void) {
    IF_FPU(SCB_CPACR |= 0xf << 20);     // floating point unit on
    #if IS_MAINLINE
    SCB_SHCSR |= 7 << 16;               // MemManage, BusFault and UsageFault as themselves
    SCB_CCR |= 1 << 4;                  // integer division by zero is a fault
    #endif
    __asm volatile ("dsb\nisb");
    #if __ARM_ARCH >= 8
    __asm volatile ("msr msplim, %0" : : "r" (&_sstack));
    #endif
}

// A reset of the whole system.
static inline void core_reset(void) {
    SCB_AIRCR = 0x05fa0000 | 1 << 2; // SYSRESETREQ
}

// One interrupt, by its number. What was changed is so behind interrupts_settle().

__attribute__((always_inline)) static inline void interrupt_enable(unsigned number) {
    NVIC_ISER(number) = NVIC_BIT(number);
}

__attribute__((always_inline)) static inline void interrupt_disable(unsigned number) {
    NVIC_ICER(number) = NVIC_BIT(number);
}

__attribute__((always_inline)) static inline void interrupt_clear(unsigned number) {
    NVIC_ICPR(number) = NVIC_BIT(number);
}

__attribute__((always_inline)) static inline void interrupts_settle(void) {
    __asm volatile ("dsb\nisb");
}

// All of them.

__attribute__((always_inline)) static inline void interrupts_mask(void) {
    __asm volatile ("cpsid i");
}

__attribute__((always_inline)) static inline void interrupts_unmask(void) {
    __asm volatile ("cpsie i");
}

// What is pending is taken before anything else.
__attribute__((always_inline)) static inline void interrupts_take(void) {
    __asm volatile ("isb");
}
