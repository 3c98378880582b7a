// Console on the board's UART (board_chip.h). Received bytes are polled, except while a program runs that Ctrl-C may
// interrupt: an interrupt leaves something on the stack at a place that depends on when the host sends. Sending is polled.

#include "py/mphal.h"
#include "py/ringbuf.h"
#include "py/runtime.h"
#include "py/stream.h"
#include "shared/runtime/interrupt_char.h"

#include "board.h"
#include "board_chip.h"
#include "board_control.h"

#ifndef MICROPY_REPL_STDIN_BUFFER_MAX
#define MICROPY_REPL_STDIN_BUFFER_MAX (256) // the default of shared/runtime/pyexec.c
#endif

static uint8_t received_storage[2 * MICROPY_REPL_STDIN_BUFFER_MAX];
static ringbuf_t received = { received_storage, sizeof(received_storage), 0, 0 };

int mp_interrupt_char = -1;
static bool is_settled;

void console_init(void) {
    uart_start();
}

// MicroPython calls this before and after it runs a program.
void mp_hal_set_interrupt_char(int character) {
    mp_interrupt_char = character;
    if (character >= 0) {
        interrupt_enable(CONSOLE_INTERRUPT);
    } else {
        interrupt_disable(CONSOLE_INTERRUPT);
        is_settled = false;
    }
    interrupts_settle();
}

__attribute__((always_inline)) static inline void receive(void) {
    while (uart_has_byte()) {
        uart_clear_interrupt();
        interrupt_clear(CONSOLE_INTERRUPT);
        int byte = uart_take();
        if (byte == mp_interrupt_char) {
            mp_sched_keyboard_interrupt();
        } else {
            ringbuf_put(&received, byte);
        }
    }
}

// The harness counts nothing of a handler, but all that it calls: what can be is inlined.
__attribute__((flatten)) void console_interrupt(void) {
    uart_clear_interrupt();
    receive();
}

// Waking a sleeping core costs the host far more than a byte costs the guest: stay awake for a moment,
// more input usually follows at once.
#define POLLS_BEFORE_SLEEP 2000

static void wait_for_input(void) {
    for (unsigned polls = 0;; ++polls) {
        if (mp_interrupt_char < 0) {
            receive();
        }
        if (ringbuf_avail(&received) || IS_SOMETHING_PENDING()) {
            break;
        }
        if (polls > POLLS_BEFORE_SLEEP) {
            // With interrupts masked, a pending one still ends the sleep: no byte can slip in between the look at the
            // UART and the sleep.
            interrupts_mask();
            interrupt_enable(CONSOLE_INTERRUPT);
            if (!uart_has_byte() && !ringbuf_avail(&received) && !IS_SOMETHING_PENDING()) {
                core_sleep();
            }
            if (mp_interrupt_char < 0) {
                interrupt_disable(CONSOLE_INTERRUPT);
                interrupts_settle();
            }
            interrupts_unmask();
            interrupts_take();
        }
    }
}

int mp_hal_stdin_rx_chr(void) {
    if (!is_settled) { // a program has ended: the stack is as shallow as it ever gets
        is_settled = true;
        board_settle();
    }
    for (;;) {
        NOT_COUNTED_FROM_HERE();
        wait_for_input();
        COUNTED_FROM_HERE();
        mp_handle_pending(true);
        int byte = ringbuf_get(&received);
        if (byte >= 0) {
            return byte;
        }
    }
}

uintptr_t mp_hal_stdio_poll(uintptr_t poll_flags) {
    uintptr_t ready = poll_flags & MP_STREAM_POLL_WR;
    NOT_COUNTED_FROM_HERE();
    if (mp_interrupt_char < 0) {
        receive();
    }
    COUNTED_FROM_HERE();
    if (ringbuf_avail(&received)) {
        ready |= poll_flags & MP_STREAM_POLL_RD;
    }
    return ready;
}

mp_uint_t mp_hal_stdout_tx_strn(const char *text, size_t length) {
    for (size_t i = 0; i < length; ++i) {
        NOT_COUNTED_FROM_HERE();
        while (uart_is_full()) { // as long as the host does not take what was sent
        }
        COUNTED_FROM_HERE();
        uart_put((uint8_t)text[i]);
    }
    return length;
}

void console_put(const char *text, unsigned length) {
    mp_hal_stdout_tx_strn(text, length);
}
