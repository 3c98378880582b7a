// Vector table, and where the core begins.

#include "board.h"
#include "board_chip.h"

void fault_entry(void);

__attribute__((naked)) void board_restart(uint32_t kept) {
    (void)kept; // in r0, where board_start() finds it
    __asm volatile ("cpsid i\n ldr r1, =_estack\n mov sp, r1\n" GO_TO(board_start));
}

__attribute__((naked)) void Reset_Handler(void) {
    __asm volatile ("mov r0, #0\n" GO_TO(board_restart));
}

// 16 system exceptions, then the external interrupts.
__attribute__((section(".first"), used)) static void *const vectors[16 + CONSOLE_INTERRUPT + 1] = {
    [0] = &_estack,
    [1] = Reset_Handler,
    [2 ... 15] = fault_entry,
    [16 ... 16 + CONSOLE_INTERRUPT] = console_interrupt, // the only interrupt that is ever enabled
};
