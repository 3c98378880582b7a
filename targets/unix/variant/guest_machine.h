// Included by extmod/modmachine.c.

#include "guest.h"

static void mp_machine_idle(void) {
    guest_idle();
}

static void mp_machine_reset(void) {
    guest_end(GUEST_RESET);
}

static mp_int_t mp_machine_reset_cause(void) {
    return 0; // power-on
}
