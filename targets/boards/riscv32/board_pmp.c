// Physical memory protection (The RISC-V Instruction Set Manual, volume II, "Physical Memory Protection").

#include "board.h"
#include "board_chip.h"
#include "board_map.h"

#define PMP_READ (1 << 0)
#define PMP_WRITE (1 << 1)
#define PMP_EXECUTE (1 << 2)
#define PMP_UP_TO_HERE (1 << 3) // from the address of the entry before
#define PMP_POWER_OF_TWO (3 << 3)
#define PMP_LOCKED (1 << 7) // for machine mode as well, which this firmware never leaves, until the core is reset

#define ENTRIES 16
#define EVERYWHERE 0xffffffff // a power of two, written as that asks for

#define ONE(origin, length) + 1
_Static_assert(2 * (2 OTHER_MEMORIES(ONE, ONE, ONE) PERIPHERALS(ONE)) < ENTRIES, "more memories than can be protected");

typedef struct {
    uint32_t address[ENTRIES]; // by 4
    union {
        uint8_t of[ENTRIES];
        uint32_t word[ENTRIES / 4];
    } access;
    unsigned number;
} entries_t;

static void permit(entries_t *entries, uint32_t origin, uint32_t length, uint8_t access) {
    entries->address[entries->number++] = origin / 4;
    entries->access.of[entries->number] = access | PMP_UP_TO_HERE | PMP_LOCKED;
    entries->address[entries->number++] = origin / 4 + length / 4;
}

// Whatever a native module does wrong shall be a fault at the place where it happens, not a silent corruption: the
// firmware is read-only, and nothing but the memories of the map and the peripherals can be reached. Below the stack,
// which is the lowest of the RAM, is no memory that can be written.
void chip_protect(void) {
    if (CSR_READ(pmpcfg0) != 0) { // this is not the first life
        return;
    }
    entries_t entries = {0};
    #define FLASH(origin, length) permit(&entries, origin, length, PMP_READ | PMP_EXECUTE);
    #define RAM(origin, length) permit(&entries, origin, length, PMP_READ | PMP_WRITE | PMP_EXECUTE);
    #define DATA(origin, length) permit(&entries, origin, length, PMP_READ | PMP_WRITE);
    FLASH(FLASH_ORIGIN, FLASH_LENGTH)
    RAM(RAM_ORIGIN, RAM_LENGTH)
    OTHER_MEMORIES(FLASH, RAM, DATA)
    PERIPHERALS(DATA)
    entries.access.of[entries.number] = PMP_POWER_OF_TWO | PMP_LOCKED;
    entries.address[entries.number] = EVERYWHERE;
    // An entry is chosen by a number in the instruction.
    #define SET(entry) CSR_WRITE(pmpaddr##entry, entries.address[entry]);
    SET(0) SET(1) SET(2) SET(3) SET(4) SET(5) SET(6) SET(7)
    SET(8) SET(9) SET(10) SET(11) SET(12) SET(13) SET(14) SET(15)
    // In this order, because the last entry forbids all that none before it permits.
    CSR_WRITE(pmpcfg0, entries.access.word[0]);
    CSR_WRITE(pmpcfg1, entries.access.word[1]);
    CSR_WRITE(pmpcfg2, entries.access.word[2]);
    CSR_WRITE(pmpcfg3, entries.access.word[3]);
}
