// Console on UART0, a CMSDK APB UART (Arm DDI 0479, section 4.3). Received bytes come by interrupt,
// which fires only when the host sends something: idle waiting costs no host CPU time, and Ctrl-C
// reaches running Python code. Sending is polled. How long that waits is the host's affair
// and not counted as work of the program.

#include "py/mphal.h"
#include "py/ringbuf.h"
#include "py/runtime.h"
#include "py/stream.h"
#include "shared/runtime/interrupt_char.h"

#include "board.h"

#define UART_BASE 0x50200000 // secure alias of UART0 on AN505
#define UART_DATA REGISTER(UART_BASE + 0x00)
#define UART_STATE REGISTER(UART_BASE + 0x04)
#define UART_CTRL REGISTER(UART_BASE + 0x08)
#define UART_INTCLEAR REGISTER(UART_BASE + 0x0c)
#define UART_BAUDDIV REGISTER(UART_BASE + 0x10)

#define STATE_TX_FULL (1 << 0)
#define STATE_RX_FULL (1 << 1)
#define CTRL_TX_ENABLE (1 << 0)
#define CTRL_RX_ENABLE (1 << 1)
#define CTRL_RX_INTERRUPT (1 << 3)
#define INT_RX (1 << 1)
#define UART0_RX_IRQ 32 // first expansion interrupt of the SSE-200 subsystem

static uint8_t received_storage[2 * MICROPY_REPL_STDIN_BUFFER_MAX];
static ringbuf_t received = { received_storage, sizeof(received_storage), 0, 0 };

void uart_init(void) {
    UART_BAUDDIV = 16;
    UART_CTRL = CTRL_TX_ENABLE | CTRL_RX_ENABLE | CTRL_RX_INTERRUPT;
    NVIC_ISER1 = 1 << (UART0_RX_IRQ - 32);
    // QEMU takes input from the host only after it was told that there is room, which reading does.
    (void)UART_DATA;
}

void uart_interrupt(void) {
    NOT_COUNTED_FROM_HERE();
    UART_INTCLEAR = INT_RX;
    while (UART_STATE & STATE_RX_FULL) {
        int byte = UART_DATA & 0xff;
        if (byte == mp_interrupt_char) {
            mp_sched_keyboard_interrupt();
        } else {
            ringbuf_put(&received, byte);
        }
    }
    COUNTED_FROM_HERE();
}

// Waking a sleeping core costs the host far more than a byte costs the guest: stay awake for a moment,
// more input usually follows at once.
#define POLLS_BEFORE_SLEEP 20000

static int wait_for_byte(void) {
    for (unsigned polls = 0;; ++polls) {
        int byte = ringbuf_get(&received);
        if (byte >= 0) {
            return byte;
        }
        mp_handle_pending(true);
        if (polls > POLLS_BEFORE_SLEEP) {
            // With interrupts masked, WFI still wakes for a pending one: no byte can slip in between
            // the look at the buffer and the sleep.
            __asm volatile ("cpsid i");
            if (!ringbuf_avail(&received) && MP_STATE_THREAD(mp_pending_exception) == MP_OBJ_NULL) {
                __asm volatile ("wfi");
            }
            __asm volatile ("cpsie i\nisb");
        }
    }
}

int mp_hal_stdin_rx_chr(void) {
    NOT_COUNTED_FROM_HERE();
    int byte = wait_for_byte();
    COUNTED_FROM_HERE();
    return byte;
}

uintptr_t mp_hal_stdio_poll(uintptr_t poll_flags) {
    uintptr_t ready = poll_flags & MP_STREAM_POLL_WR;
    if (ringbuf_avail(&received)) {
        ready |= poll_flags & MP_STREAM_POLL_RD;
    }
    return ready;
}

mp_uint_t mp_hal_stdout_tx_strn(const char *text, size_t length) {
    for (size_t i = 0; i < length; ++i) {
        NOT_COUNTED_FROM_HERE();
        while (UART_STATE & STATE_TX_FULL) {
        }
        COUNTED_FROM_HERE();
        UART_DATA = (uint8_t)text[i];
    }
    return length;
}
