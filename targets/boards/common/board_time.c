// Time, which is one of two: that of a free-running counter of microseconds (board_chip.h), which is read and never
// interrupts, because an interrupt would make instruction counts depend on the host; or that of the instructions which
// the emulator's plugin counts (board_clock.c), and of what was slept.

#include "py/mphal.h"
#include "py/runtime.h"

#include "board.h"
#include "board_chip.h"

static uint64_t slept; // in microseconds

// 64-bit microseconds of the counter. It wraps after 71 minutes; a program that does not look at the time
// for that long loses one turn.
static uint64_t elapsed(void) {
    static uint32_t last, turns;
    uint32_t now = counter_us();
    if (now < last) {
        ++turns;
    }
    last = now;
    return (uint64_t)turns << 32 | now;
}

static uint64_t microseconds(void) {
    board_ask_clock();
    return CLOCK->hertz ? CLOCK->us + slept : elapsed();
}

mp_uint_t mp_hal_ticks_us(void) {
    return (mp_uint_t)microseconds();
}

mp_uint_t mp_hal_ticks_ms(void) {
    return (mp_uint_t)(microseconds() / 1000);
}

// The counter has no finer unit that would not wrap within minutes.
mp_uint_t mp_hal_ticks_cpu(void) {
    board_ask_clock();
    return CLOCK->hertz ? CLOCK->cycles + (mp_uint_t)(slept * CLOCK->hertz / 1000000) : (mp_uint_t)elapsed();
}

static void wait_until(uint64_t end) {
    NOT_COUNTED_FROM_HERE();
    for (uint64_t now; (now = elapsed()) < end && !IS_SOMETHING_PENDING();) {
        // Reading the counter costs an emulator much more than counting down. These turns take less than a
        // microsecond each.
        for (uint64_t left = MIN(end - now, 500); left; --left) {
            __asm volatile ("");
        }
    }
    COUNTED_FROM_HERE();
}

void mp_hal_delay_us(mp_uint_t us) {
    uint64_t end = elapsed() + us;
    slept += us;
    do {
        wait_until(end);
    } while (elapsed() < end);
}

void mp_hal_delay_ms(mp_uint_t ms) {
    uint64_t end = elapsed() + (uint64_t)ms * 1000;
    slept += (uint64_t)ms * 1000;
    do {
        wait_until(end);
        mp_handle_pending(true);
    } while (elapsed() < end);
}
