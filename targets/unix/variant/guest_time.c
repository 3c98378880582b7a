// Time: the host's monotonic clock. It says nothing of how fast a microcontroller is.

#include <time.h>

#include "py/mphal.h"
#include "py/runtime.h"

static uint64_t microseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

mp_uint_t mp_hal_ticks_us(void) {
    return microseconds();
}

mp_uint_t mp_hal_ticks_ms(void) {
    return microseconds() / 1000;
}

mp_uint_t mp_hal_ticks_cpu(void) {
    return microseconds();
}

uint64_t mp_hal_time_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void wait_until(uint64_t end, bool handles) {
    for (uint64_t now; (now = microseconds()) < end;) {
        uint64_t left = MIN(end - now, 10000);
        const struct timespec time = { 0, left * 1000 };
        nanosleep(&time, NULL); // a signal ends it
        if (handles) {
            mp_handle_pending(true);
        }
    }
}

void mp_hal_delay_us(mp_uint_t us) {
    wait_until(microseconds() + us, false);
}

void mp_hal_delay_ms(mp_uint_t ms) {
    wait_until(microseconds() + (uint64_t)ms * 1000, true);
}
