// Where the core begins.

#include "board.h"
#include "board_chip.h"

__attribute__((naked)) void board_restart(uint32_t kept) {
    (void)kept; // in a0, where board_start() finds it
    __asm volatile (
        "csrw mie, zero\n"
        "csrw mstatus, zero\n"
        "la sp, _estack\n"
        "la tp, _stls\n" // variables of the only thread
        "tail board_start");
}

// At the begin of the memory that plays the flash, where the core goes after power-on.
__attribute__((naked, section(".first"), used)) void _start(void) {
    __asm volatile ("li a0, 0\n tail board_restart");
}
