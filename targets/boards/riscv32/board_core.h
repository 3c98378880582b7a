// A 32-bit RISC-V core in machine mode (The RISC-V Instruction Set Manual, volume II); board.h includes this.

#pragma once

#define CSR_READ(name) ({ uint32_t value; __asm volatile ("csrr %0, " #name : "=r" (value)); value; })
#define CSR_WRITE(name, value) __asm volatile ("csrw " #name ", %0" : : "r" (value) : "memory")
#define CSR_SET(name, bits) __asm volatile ("csrs " #name ", %0" : : "r" (bits) : "memory")
#define CSR_CLEAR(name, bits) __asm volatile ("csrc " #name ", %0" : : "r" (bits) : "memory")

__attribute__((always_inline)) static inline uint32_t *core_stack_pointer(void) {
    uint32_t *top;
    __asm volatile ("mv %0, sp" : "=r" (top));
    return top;
}

// Until there is an interrupt, which ends it also while all are masked.
__attribute__((always_inline)) static inline void core_sleep(void) {
    __asm volatile ("wfi");
}

// Whether a word may be an address of code.
__attribute__((always_inline)) static inline bool core_points_to_code(uint32_t word) {
    return !(word & 1);
}

// Whether a call is in front of an address of code: jalr or c.jalr with ra. Compilers call with these; jal and c.jal would
// take too much else for a call.
__attribute__((always_inline)) static inline bool core_called_before(uint32_t address) {
    const volatile uint16_t *next = (const volatile uint16_t *)address;
    return (next[-2] & 0x7fff) == 0x00e7 || ((next[-1] & 0xf07f) == 0x9002 && (next[-1] & 0x0f80) != 0);
}
