// The time by counted instructions, as the emulator's plugin tells it (mpy_harness/counting/plugin_c/clock.c).
//
// It writes it when board_ask_clock() is executed: into the image, because what it sees of memory is the code that is
// executed.

#include "board.h"

const board_clock_t board_clock = { 0, 0, 0 };

__attribute__((noipa)) void board_ask_clock(void) {
}
