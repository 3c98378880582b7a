// Included by extmod/modmachine.c.

#include "board.h"

static void mp_machine_idle(void) {
    core_sleep();
}

static void mp_machine_reset(void) {
    board_end();
}

static mp_int_t mp_machine_reset_cause(void) {
    return 0; // power-on: every emulation starts with one
}
