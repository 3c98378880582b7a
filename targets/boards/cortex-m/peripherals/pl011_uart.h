// A PL011 UART (Arm DDI 0183, section 3.2) at UART_BASE.

#pragma once

#include "board.h"

#define UART_DATA REGISTER(UART_BASE + 0x00)
#define UART_FLAGS REGISTER(UART_BASE + 0x18)
#define UART_INTEGER REGISTER(UART_BASE + 0x24)
#define UART_LINE REGISTER(UART_BASE + 0x2c)
#define UART_CONTROL REGISTER(UART_BASE + 0x30)
#define UART_MASK REGISTER(UART_BASE + 0x38)
#define UART_CLEAR REGISTER(UART_BASE + 0x44)

#define FLAG_RX_EMPTY (1 << 4)
#define FLAG_TX_FULL (1 << 5)
#define LINE_8_BITS (3 << 5)
#define CONTROL_ENABLE (1 << 0 | 1 << 8 | 1 << 9) // the UART, sending, receiving
#define INT_RX (1 << 4)

static inline void uart_start(void) {
    UART_INTEGER = 1;
    UART_LINE = LINE_8_BITS;
    UART_CONTROL = CONTROL_ENABLE;
    UART_MASK = INT_RX;
}

static inline bool uart_has_byte(void) {
    return !(UART_FLAGS & FLAG_RX_EMPTY);
}

static inline uint8_t uart_take(void) {
    return UART_DATA & 0xff;
}

static inline bool uart_is_full(void) {
    return UART_FLAGS & FLAG_TX_FULL;
}

static inline void uart_put(uint8_t byte) {
    UART_DATA = byte;
}

static inline void uart_clear_interrupt(void) {
    UART_CLEAR = INT_RX;
}
