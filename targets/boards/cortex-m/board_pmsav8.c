// Memory protection of Armv8-M (Arm DDI 0553, section D1.2: MPU registers).

#include "board.h"
#include "board_map.h"

extern uint8_t _flash_start, _flash_last, _ram_start, _ram_last;

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
// corruption: the firmware is read-only, and nothing but the memories of the map and the peripherals
// can be reached. In particular address 0, where it is an alias of the flash, is no memory.
void chip_protect(void) {
    unsigned number = 0;
    MPU_MAIR0 = 0x0000 << 8 | 0xff; // 0: normal memory, write-back; 1: device
    mpu_region(number++, (uintptr_t)&_flash_start, (uintptr_t)&_flash_last, MPU_READ_ONLY, MPU_MEMORY);
    mpu_region(number++, (uintptr_t)&_ram_start, (uintptr_t)&_ram_last, MPU_READ_WRITE, MPU_MEMORY);
    #define FLASH(origin, length) mpu_region(number++, origin, origin + (length - 1), MPU_READ_ONLY, MPU_MEMORY);
    #define RAM(origin, length) mpu_region(number++, origin, origin + (length - 1), MPU_READ_WRITE, MPU_MEMORY);
    #define WINDOW(origin, length) \
    mpu_region(number++, origin, origin + (length - 1), MPU_READ_WRITE | MPU_EXECUTE_NEVER, MPU_MEMORY);
    OTHER_MEMORIES(FLASH, RAM, WINDOW)
    mpu_region(number++, PERIPHERALS, PERIPHERALS_LAST, MPU_READ_WRITE | MPU_EXECUTE_NEVER, MPU_DEVICE);
    // Armv8-M exempts the private peripherals, MPU included, from protection. Renode 1.16 does not.
    mpu_region(number++, PRIVATE, PRIVATE_LAST, MPU_READ_WRITE | MPU_EXECUTE_NEVER, MPU_DEVICE);
    MPU_CTRL = 1;
    __asm volatile ("dsb\nisb");
}
