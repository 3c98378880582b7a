// What is told on the console of a fault, in lines that the harness understands (mpy_harness/machines/fault_line.py).

#include "board.h"

extern uint8_t _ecode, _ram_start, _ram_last;

void board_tell(const char *text) {
    unsigned length = 0;
    while (text[length] != 0) {
        ++length;
    }
    console_put(text, length);
}

void board_tell_register(const char *name, uint32_t value) {
    char digits[] = "=0x00000000";
    for (char *digit = digits + 10; value != 0; value >>= 4) {
        *digit-- = "0123456789abcdef"[value & 15];
    }
    board_tell(" ");
    board_tell(name);
    board_tell(digits);
}

// The bytes around an address of native code, by which the harness recognises the module: nothing else tells which one
// the loader put there. Those of the firmware need none.
#define BYTES_BEFORE 24
#define BYTES_BEHIND 24

void board_tell_code(const char *name, uint32_t address) {
    uintptr_t first = (uintptr_t)&_ram_start, end = (uintptr_t)&_ram_last + 1;
    if (address < first || address >= end) {
        return;
    }
    if (address - first > BYTES_BEFORE) {
        first = address - BYTES_BEFORE;
    }
    first &= ~(uintptr_t)1;
    if (end - address > BYTES_BEHIND) {
        end = address + BYTES_BEHIND;
    }
    board_tell("#CODE");
    board_tell_register(name, address);
    board_tell_register("from", first);
    board_tell(" ");
    for (; first < end; ++first) {
        uint8_t byte = *(const volatile uint8_t *)first;
        char digits[] = {"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15], 0};
        board_tell(digits);
    }
    board_tell("\n");
}

// Of a call, at least so many bytes are in front of where it returns to.
#define CALL_BYTES 4

// Whether there is a call in front of an address in the memory behind the stack, where native code is, in the heap or in
// an area of its own.
static bool is_return_address(uint32_t address) {
    return core_points_to_code(address) && address >= (uintptr_t)&_sdata + CALL_BYTES + 1
        && address < (uintptr_t)&_ecode && core_called_before(address);
}

#define MOST_CALLERS 8

// Native code that calls others has its return address on the stack. One that calls itself is told once.
void board_tell_callers(uintptr_t sp) {
    uint32_t told[MOST_CALLERS];
    unsigned number = 0;
    const uint32_t *word = sp > (uintptr_t)&_sstack ? (const uint32_t *)(sp & ~3u) : &_sstack;
    for (; word < &_estack && number < MOST_CALLERS; ++word) {
        unsigned before = 0;
        while (before < number && told[before] != *word) {
            ++before;
        }
        if (before == number && is_return_address(*word)) {
            told[number++] = *word;
            board_tell_code("caller", *word);
        }
    }
}
