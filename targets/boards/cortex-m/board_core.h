// A Cortex-M core; board.h includes this.

#pragma once

// System control space: Arm DDI 0403 (Armv7-M), section B3.2; Arm DDI 0553 (Armv8-M), section D1.2.
#define SCB_AIRCR REGISTER(0xe000ed0c)
#define SCB_CCR   REGISTER(0xe000ed14)
#define SCB_SHCSR REGISTER(0xe000ed24)
#define SCB_CFSR  REGISTER(0xe000ed28)
#define SCB_HFSR  REGISTER(0xe000ed2c)
#define SCB_MMFAR REGISTER(0xe000ed34)
#define SCB_BFAR  REGISTER(0xe000ed38)
#define SCB_CPACR REGISTER(0xe000ed88)
#define NVIC_ISER(interrupt) REGISTER(0xe000e100 + (interrupt) / 32 * 4)
#define NVIC_ICER(interrupt) REGISTER(0xe000e180 + (interrupt) / 32 * 4)
#define NVIC_ICPR(interrupt) REGISTER(0xe000e280 + (interrupt) / 32 * 4)
#define NVIC_BIT(interrupt) (1u << (interrupt) % 32)

// The address space that is the same on all cores: Arm DDI 0403, section B3.1.
#define PERIPHERALS 0x40000000u
#define PERIPHERALS_BITS 29
#define PERIPHERALS_LAST (PERIPHERALS + (1u << PERIPHERALS_BITS) - 1)
#define PRIVATE 0xe0000000u
#define PRIVATE_BITS 20
#define PRIVATE_LAST (PRIVATE + (1u << PRIVATE_BITS) - 1)

// What Armv6-M and the baseline of Armv8-M do not have: most of Thumb-2, faults other than HardFault, their status.
#define IS_MAINLINE (__ARM_ARCH_ISA_THUMB >= 2)

// A jump to a function, in assembler: the branch of the lesser cores does not reach far, and takes no symbol at any
// distance.
#if IS_MAINLINE
#define GO_TO(function) "b " #function "\n"
#else
#define GO_TO(function) "ldr r2, =" #function "\n bx r2\n"
#endif

// Code for a core with FPU.
#ifdef __ARM_FP
#define IF_FPU(code) code
#else
#define IF_FPU(code)
#endif

__attribute__((always_inline)) static inline uint32_t *core_stack_pointer(void) {
    uint32_t *top;
    __asm volatile ("mov %0, sp" : "=r" (top));
    return top;
}

// Until there is an interrupt, which ends it also while all are masked.
__attribute__((always_inline)) static inline void core_sleep(void) {
    __asm volatile ("wfi");
}

// Whether a word may be an address of code: those of Thumb code are odd.
__attribute__((always_inline)) static inline bool core_points_to_code(uint32_t word) {
    return word & 1;
}

// Whether a call is in front of an address of code: BL or BLX (Arm DDI 0403, A7.7.18 and 19).
__attribute__((always_inline)) static inline bool core_called_before(uint32_t address) {
    const volatile uint16_t *next = (const volatile uint16_t *)(address - 1);
    return (next[-1] & 0xff87) == 0x4780 || ((next[-2] & 0xf800) == 0xf000 && (next[-1] & 0xd000) == 0xd000);
}
