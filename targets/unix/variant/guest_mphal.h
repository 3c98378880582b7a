// What MicroPython asks of its hardware.

#pragma once

#include <errno.h>

#ifndef CHAR_CTRL_C
#define CHAR_CTRL_C (3)
#endif

void mp_hal_set_interrupt_char(int character);
// Waits until something comes in, a signal for instance, a millisecond at most.
void guest_idle(void);
#define MICROPY_INTERNAL_WFE(TIMEOUT_MS) guest_idle()
