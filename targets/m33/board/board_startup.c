// Vector table, start of the C world and memory protection.

#include <stdlib.h>

#include "board.h"

extern uint8_t _flash_start, _flash_last, _ram_start, _ram_last;

int main(void);
void fault_entry(void);

#define MPU_CTRL REGISTER(0xe000ed94)
#define MPU_RNR  REGISTER(0xe000ed98)
#define MPU_RBAR REGISTER(0xe000ed9c)
#define MPU_RLAR REGISTER(0xe000eda0)
#define MPU_MAIR0 REGISTER(0xe000edc0)

#define MPU_READ_WRITE (0 << 1) // privileged only: this firmware never leaves privileged mode
#define MPU_READ_ONLY (2 << 1)
#define MPU_EXECUTE_NEVER (1 << 0)
#define MPU_MEMORY (0 << 1 | 1) // attribute 0, region enabled
#define MPU_DEVICE (1 << 1 | 1) // attribute 1, region enabled

static void mpu_region(unsigned number, uintptr_t first, uintptr_t last, uint32_t access, uint32_t kind) {
    MPU_RNR = number;
    MPU_RBAR = first | access;
    MPU_RLAR = (last & ~31u) | kind;
}

// Whatever a native module does wrong shall be a fault at the place where it happens, not a silent
// corruption: the firmware is read-only, and nothing but flash, RAM, the window and the peripherals
// can be reached. In particular address 0, an alias of the flash on this board, is no memory.
static void mpu_init(void) {
    MPU_MAIR0 = 0x0000 << 8 | 0xff; // 0: normal memory, write-back; 1: device
    mpu_region(0, (uintptr_t)&_flash_start, (uintptr_t)&_flash_last, MPU_READ_ONLY, MPU_MEMORY);
    mpu_region(1, (uintptr_t)&_ram_start, (uintptr_t)&_ram_last, MPU_READ_WRITE, MPU_MEMORY);
    mpu_region(2, 0x80000000, 0x80ffffff, MPU_READ_WRITE | MPU_EXECUTE_NEVER, MPU_MEMORY);
    mpu_region(3, 0x40000000, 0x5fffffff, MPU_READ_WRITE | MPU_EXECUTE_NEVER, MPU_DEVICE);
    MPU_CTRL = 1;
    __asm volatile ("dsb\nisb");
}

void board_start(void) {
    for (uint32_t *from = &_sidata, *to = &_sdata; to < &_edata;) {
        *to++ = *from++;
    }
    for (uint32_t *to = &_sbss; to < &_ebss;) {
        *to++ = 0;
    }
    SCB_CPACR |= 0xf << 20;             // floating point unit on
    SCB_SHCSR |= 7 << 16;               // MemManage, BusFault and UsageFault as themselves
    SCB_CCR |= 1 << 4;                  // integer division by zero is a fault
    __asm volatile ("dsb\nisb\nmsr msplim, %0" : : "r" (&_sstack));
    mpu_init();
    uart_init();
    time_init();
    __asm volatile ("cpsie i");
    main();
    board_end();
}

__attribute__((naked)) void Reset_Handler(void) {
    __asm volatile ("cpsid i\n ldr r0, =_estack\n mov sp, r0\n b board_start");
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

// 16 system exceptions, then the external interrupts: on AN505 numbers 32 and up are the board's.
__attribute__((section(".isr_vector"), used)) static void *const vectors[16 + 48] = {
    [0] = &_estack,
    [1] = Reset_Handler,
    [2 ... 15] = fault_entry,
    [16 ... 63] = uart_interrupt, // the only interrupt that is ever enabled
};
