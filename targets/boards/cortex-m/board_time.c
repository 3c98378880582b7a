// Time from a free-running counter of microseconds (board_chip.h), which is read and never interrupts: an interrupt
// would make instruction counts depend on the host.

#include "py/mphal.h"
#include "py/runtime.h"

#include "board.h"
#include "board_chip.h"

// 64-bit microseconds. The counter wraps after 71 minutes; a program that does not look at the time
// for that long loses one turn.
static uint64_t microseconds(void) {
    static uint32_t last, turns;
    uint32_t now = counter_us();
    if (now < last) {
        ++turns;
    }
    last = now;
    return (uint64_t)turns << 32 | now;
}

mp_uint_t mp_hal_ticks_us(void) {
    return (mp_uint_t)microseconds();
}

mp_uint_t mp_hal_ticks_ms(void) {
    return (mp_uint_t)(microseconds() / 1000);
}

// The counter has no finer unit that would not wrap within minutes.
mp_uint_t mp_hal_ticks_cpu(void) {
    return (mp_uint_t)microseconds();
}

static void wait_until(uint64_t end) {
    NOT_COUNTED_FROM_HERE();
    for (uint64_t now; (now = microseconds()) < end && !IS_SOMETHING_PENDING();) {
        // Reading the counter costs an emulator much more than counting down. These turns take less than a
        // microsecond each.
        for (uint64_t left = MIN(end - now, 500); left; --left) {
            __asm volatile ("");
        }
    }
    COUNTED_FROM_HERE();
}

void mp_hal_delay_us(mp_uint_t us) {
    uint64_t end = microseconds() + us;
    do {
        wait_until(end);
    } while (microseconds() < end);
}

void mp_hal_delay_ms(mp_uint_t ms) {
    uint64_t end = microseconds() + (uint64_t)ms * 1000;
    do {
        wait_until(end);
        mp_handle_pending(true);
    } while (microseconds() < end);
}
