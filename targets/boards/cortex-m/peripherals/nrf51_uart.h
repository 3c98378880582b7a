// The UART of the nRF51 (nRF51 Series Reference Manual 3.0, section 29) at UART_BASE.

#pragma once

#include "board.h"

#define UART_STARTRX REGISTER(UART_BASE + 0x000)
#define UART_STARTTX REGISTER(UART_BASE + 0x008)
#define UART_RXDRDY REGISTER(UART_BASE + 0x108)
#define UART_TXDRDY REGISTER(UART_BASE + 0x11c)
#define UART_INTENSET REGISTER(UART_BASE + 0x304)
#define UART_ENABLE REGISTER(UART_BASE + 0x500)
#define UART_RXD REGISTER(UART_BASE + 0x518)
#define UART_TXD REGISTER(UART_BASE + 0x51c)

#define ENABLED 4
#define INT_RXDRDY (1 << 2)

// Whether a byte was sent whose event has not come yet: there is no event before the first.
static bool uart_is_sending;

static inline void uart_start(void) {
    UART_ENABLE = ENABLED;
    UART_STARTRX = 1;
    UART_STARTTX = 1;
    UART_TXDRDY = 0;
    uart_is_sending = false;
    UART_INTENSET = INT_RXDRDY;
}

static inline bool uart_has_byte(void) {
    return UART_RXDRDY;
}

// The event is cleared first: taking the byte may bring that of the next one.
static inline uint8_t uart_take(void) {
    UART_RXDRDY = 0;
    return UART_RXD & 0xff;
}

static inline bool uart_is_full(void) {
    if (uart_is_sending && UART_TXDRDY) {
        UART_TXDRDY = 0;
        uart_is_sending = false;
    }
    return uart_is_sending;
}

static inline void uart_put(uint8_t byte) {
    uart_is_sending = true;
    UART_TXD = byte;
}

static inline void uart_clear_interrupt(void) {
    // Taking the byte does. The event is all that tells of it.
}
