// Memory protection of Armv7-M (Arm DDI 0403, section B3.5: PMSAv7).

#include "board.h"
#include "board_map.h"

#define MPU_CTRL REGISTER(0xe000ed94)
#define MPU_RBAR REGISTER(0xe000ed9c)
#define MPU_RASR REGISTER(0xe000eda0)

#define RBAR_REGION(number) (1 << 4 | (number))
#define RASR_EXECUTE_NEVER (1 << 28)
#define RASR_NO_ACCESS (0 << 24 | RASR_EXECUTE_NEVER)
#define RASR_READ_WRITE (1 << 24) // privileged only: this firmware never leaves privileged mode
#define RASR_READ_ONLY (5 << 24)
#define RASR_MEMORY (1 << 17) // normal, write-through
#define RASR_DEVICE (1 << 16)
#define RASR_SIZE(bits) (((bits) - 1) << 1 | 1) // 2 to the power of `bits` bytes, region enabled

static void mpu_region(unsigned number, uintptr_t first, unsigned bits, uint32_t attributes) {
    MPU_RBAR = first | RBAR_REGION(number);
    MPU_RASR = attributes | RASR_SIZE(bits);
}

// A memory of the map; a region of this MPU is as long as a power of two and lies at a multiple of its length.
#define MEMORY(origin, length, attributes) do { \
        _Static_assert(((length) & ((length) - 1)) == 0 && (origin) % (length) == 0, "no region of the MPU: " #origin); \
        mpu_region(number++, origin, __builtin_ctz(length), attributes); \
} while (0);

// The firmware is read-only, and nothing but the memories of the map and the peripherals can be reached. In particular
// address 0, where it is an alias of the flash, is no memory. Of regions that overlap, the one with the highest number
// counts.
void chip_protect(void) {
    unsigned number = 0;
    // Where there is no region there is no access, but Renode 1.16 knows that of Armv8-M only.
    mpu_region(number++, 0x00000000, 32, RASR_NO_ACCESS);
    MEMORY(FLASH_ORIGIN, FLASH_LENGTH, RASR_READ_ONLY | RASR_MEMORY)
    MEMORY(RAM_ORIGIN, RAM_LENGTH, RASR_READ_WRITE | RASR_MEMORY)
    #define FLASH(origin, length) MEMORY(origin, length, RASR_READ_ONLY | RASR_MEMORY)
    #define RAM(origin, length) MEMORY(origin, length, RASR_READ_WRITE | RASR_MEMORY)
    #define WINDOW(origin, length) MEMORY(origin, length, RASR_READ_WRITE | RASR_MEMORY | RASR_EXECUTE_NEVER)
    OTHER_MEMORIES(FLASH, RAM, WINDOW)
    mpu_region(number++, PERIPHERALS, PERIPHERALS_BITS, RASR_READ_WRITE | RASR_DEVICE | RASR_EXECUTE_NEVER);
    // Armv7-M exempts the private peripherals from protection (Arm DDI 0403, B3.5.1). Renode 1.16 does not.
    mpu_region(number++, PRIVATE, PRIVATE_BITS, RASR_READ_WRITE | RASR_DEVICE | RASR_EXECUTE_NEVER);
    MPU_CTRL = 1;
    __asm volatile ("dsb\nisb");
}
