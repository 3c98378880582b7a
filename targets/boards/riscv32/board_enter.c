// main() for MicroPython.

#include "board.h"

// The collector takes whatever registers and the stack hold for a pointer if it looks like one, and compilers
// save registers that they do not use. So every life begins with all of them at 0, those of the past too.
__attribute__((naked)) int main(void) {
    __asm volatile (
        "la t0, _sstack\n"
        "la sp, _estack\n"
        "0: sw zero, 0(t0)\n"
        "addi t0, t0, 4\n"
        "bltu t0, sp, 0b\n"
        "li s0, 0\n"
        "li s1, 0\n"
        "li s2, 0\n"
        "li s3, 0\n"
        "li s4, 0\n"
        "li s5, 0\n"
        "li s6, 0\n"
        "li s7, 0\n"
        "li s8, 0\n"
        "li s9, 0\n"
        "li s10, 0\n"
        "li s11, 0\n"
        "tail board_live");
}
