// Vector table and start of the C world.

#include <stdlib.h>

#include "board.h"
#include "board_chip.h"

int main(void);
void fault_entry(void);

void board_start(void) {
    for (uint32_t *from = &_sidata, *to = &_sdata; to < &_edata;) {
        *to++ = *from++;
    }
    for (uint32_t *to = &_sbss; to < &_ebss;) {
        *to++ = 0;
    }
    IF_FPU(SCB_CPACR |= 0xf << 20);     // floating point unit on
    #if IS_MAINLINE
    SCB_SHCSR |= 7 << 16;               // MemManage, BusFault and UsageFault as themselves
    SCB_CCR |= 1 << 4;                  // integer division by zero is a fault
    #endif
    __asm volatile ("dsb\nisb");
    #if __ARM_ARCH >= 8
    __asm volatile ("msr msplim, %0" : : "r" (&_sstack));
    #endif
    chip_protect();
    console_init();
    counter_start();
    __asm volatile ("cpsie i");
    main();
    board_end();
}

__attribute__((naked)) void Reset_Handler(void) {
    __asm volatile ("cpsid i\n ldr r0, =_estack\n mov sp, r0\n" GO_TO(board_start));
}

void board_end(void) {
    SCB_AIRCR = 0x05fa0000 | 1 << 2; // SYSRESETREQ
    for (;;) {
    }
}

void exit(int status) {
    (void)status;
    board_end();
}

// 16 system exceptions, then the external interrupts.
__attribute__((section(".isr_vector"), used)) static void *const vectors[16 + CONSOLE_INTERRUPT + 1] = {
    [0] = &_estack,
    [1] = Reset_Handler,
    [2 ... 15] = fault_entry,
    [16 ... 16 + CONSOLE_INTERRUPT] = console_interrupt, // the only interrupt that is ever enabled
};
