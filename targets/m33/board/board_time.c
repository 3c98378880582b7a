// Time from the free-running counter of the board's FPGA I/O block (Arm DAI 0505, section 3.10),
// which is read and never interrupts: an interrupt would make instruction counts depend on the host.

#include "py/mphal.h"
#include "py/runtime.h"

#include "board.h"

#define FPGAIO_BASE 0x50302000 // secure alias
#define FPGAIO_COUNTER REGISTER(FPGAIO_BASE + 0x18)
#define FPGAIO_PRESCALE REGISTER(FPGAIO_BASE + 0x1c)

#define CLOCK_MHZ 20

// 64-bit microseconds. The counter wraps after 71 minutes; a program that does not look at the time
// for that long loses one turn.
static uint64_t microseconds(void) {
    static uint32_t last, turns;
    uint32_t now = FPGAIO_COUNTER;
    if (now < last) {
        ++turns;
    }
    last = now;
    return (uint64_t)turns << 32 | now;
}

void time_init(void) {
    FPGAIO_PRESCALE = CLOCK_MHZ - 1; // one count per microsecond
    FPGAIO_COUNTER = 0;
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
    while (microseconds() < end && !IS_SOMETHING_PENDING()) {
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
