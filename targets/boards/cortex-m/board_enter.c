// main() for MicroPython.

#include "board.h"

// The collector takes whatever registers and the stack hold for a pointer if it looks like one, and compilers
// save registers that they do not use. So every life begins with all of them at 0, those of the past too.
__attribute__((naked)) int main(void) {
    __asm volatile (
        "0: ldr r0, =_sstack\n"
        "ldr r1, =_estack\n"
        "mov sp, r1\n"
        "mov r2, #0\n"
        "1:\n"
        #if IS_MAINLINE
        "str r2, [r0], #4\n"
        #else
        "stmia r0!, {r2}\n"
        #endif
        "cmp r0, r1\n"
        "blo 1b\n"
        "mov r4, r2\n"
        "mov r5, r2\n"
        "mov r6, r2\n"
        "mov r7, r2\n"
        "mov r8, r2\n"
        "mov r9, r2\n"
        "mov r10, r2\n"
        "mov r11, r2\n"
        IF_FPU("vmov d8, r2, r2\n")
        IF_FPU("vmov d9, r2, r2\n")
        IF_FPU("vmov d10, r2, r2\n")
        IF_FPU("vmov d11, r2, r2\n")
        IF_FPU("vmov d12, r2, r2\n")
        IF_FPU("vmov d13, r2, r2\n")
        IF_FPU("vmov d14, r2, r2\n")
        IF_FPU("vmov d15, r2, r2\n")
        GO_TO(board_live));
}
