// Console on UART0, a CMSDK APB UART (Arm DDI 0479, section 4.3). Received bytes are polled, except while a program
// runs that Ctrl-C may interrupt: an interrupt leaves something on the stack at a place that depends on when the
// host sends. Sending is polled.

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

#define UART0_RX_BIT (1 << (UART0_RX_IRQ - 32))

static uint8_t received_storage[2 * MICROPY_REPL_STDIN_BUFFER_MAX];
static ringbuf_t received = { received_storage, sizeof(received_storage), 0, 0 };

int mp_interrupt_char = -1;
static bool is_settled;

void uart_init(void) {
    UART_BAUDDIV = 16;
    UART_CTRL = CTRL_TX_ENABLE | CTRL_RX_ENABLE | CTRL_RX_INTERRUPT;
    // QEMU takes input from the host only after it was told that there is room, which reading does.
    (void)UART_DATA;
}

// MicroPython calls this before and after it runs a program.
void mp_hal_set_interrupt_char(int character) {
    mp_interrupt_char = character;
    if (character >= 0) {
        NVIC_ISER1 = UART0_RX_BIT;
    } else {
        NVIC_ICER1 = UART0_RX_BIT;
        is_settled = false;
    }
    __asm volatile ("dsb\nisb");
}

__attribute__((always_inline)) static inline void receive(void) {
    while (UART_STATE & STATE_RX_FULL) {
        UART_INTCLEAR = INT_RX;
        NVIC_ICPR1 = UART0_RX_BIT;
        int byte = UART_DATA & 0xff;
        if (byte == mp_interrupt_char) {
            mp_sched_keyboard_interrupt();
        } else {
            ringbuf_put(&received, byte);
        }
    }
}

// The harness counts nothing of a handler, but all that it calls: what can be is inlined.
__attribute__((flatten)) void uart_interrupt(void) {
    UART_INTCLEAR = INT_RX;
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
            // With interrupts masked, WFI still wakes for a pending one: no byte can slip in between
            // the look at the UART and the sleep.
            __asm volatile ("cpsid i");
            NVIC_ISER1 = UART0_RX_BIT;
            if (!(UART_STATE & STATE_RX_FULL) && !ringbuf_avail(&received) && !IS_SOMETHING_PENDING()) {
                __asm volatile ("wfi");
            }
            if (mp_interrupt_char < 0) {
                NVIC_ICER1 = UART0_RX_BIT;
                __asm volatile ("dsb\nisb");
            }
            __asm volatile ("cpsie i\nisb");
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
        while (UART_STATE & STATE_TX_FULL) { // as long as the host does not take what was sent
        }
        COUNTED_FROM_HERE();
        UART_DATA = (uint8_t)text[i];
    }
    return length;
}
