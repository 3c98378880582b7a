// What happens to memory, told to the checker in the emulator's plugin (mpy_harness/counting/plugin_c/memcheck).
//
// The plugin cannot read registers, but it sees each block of code that is executed, and where in the host's memory that
// code lies. So the doorbell is a function of one instruction in the RAM: executed, it shows the plugin where all of the
// RAM is, and that an event is there to be read. The plugin sets board_is_checked, which is 0 in the image, when the
// core starts. Nothing of this is counted.

#include "board.h"

extern uint16_t _doorbell[], _last_of_ram[];

// A constant in the image. It is read as a volatile one, because its value is not that which the compiler sees; GCC
// would take one that is volatile for a variable.
const uint32_t board_is_checked = 0;
#define IS_CHECKED (*(const volatile uint32_t *)&board_is_checked)

struct {
    uint32_t event;
    uintptr_t values[3];
    volatile uint32_t answer;
} board_event;

#if defined(__thumb__)
#define RETURN 0x4770 // bx lr
#define CALL(code) ((void (*)(void))((uintptr_t)(code) | 1))()
#elif defined(__riscv)
#define RETURN 0x8082 // c.jr ra
#define CALL(code) ((void (*)(void))(code))()
#endif

void board_begin_ringing(void) {
    board_memory.told = IS_CHECKED;
    if (board_memory.told) {
        // The RAM may be in two pieces, for the host: this shows where its end is.
        uint16_t kept = _last_of_ram[0];
        _last_of_ram[0] = RETURN;
        CALL(_last_of_ram);
        _last_of_ram[0] = kept;
        _doorbell[0] = RETURN;
    }
}

bool board_ring(uint32_t event, uintptr_t first, uintptr_t second, uintptr_t third) {
    board_event.answer = 0;
    if (board_memory.told) {
        board_event.event = event;
        board_event.values[0] = first;
        board_event.values[1] = second;
        board_event.values[2] = third;
        __asm volatile ("" : : : "memory");
        CALL(_doorbell);
    }
    return board_event.answer;
}
