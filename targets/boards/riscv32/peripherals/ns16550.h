// The UART that many chips have a copy of (National Semiconductor PC16550D data sheet) at UART_BASE.

#pragma once

#include "board.h"

#define UART_REGISTER(number) (*(volatile uint8_t *)(UART_BASE + (number)))
#define UART_DATA UART_REGISTER(0) // with LCR_DIVISOR, the divisor's lower byte
#define UART_IER UART_REGISTER(1) // with LCR_DIVISOR, the upper one
#define UART_FCR UART_REGISTER(2)
#define UART_LCR UART_REGISTER(3)
#define UART_LSR UART_REGISTER(5)

#define IER_RECEIVED (1 << 0)
#define FCR_ENABLE (1 << 0)
#define FCR_AT_14_BYTES (3 << 6) // an interrupt then, or when no more come: QEMU takes so many at once from the host
#define LCR_8_BITS 3
#define LCR_DIVISOR (1 << 7)
#define LSR_DATA_READY (1 << 0)
#define LSR_CAN_TAKE (1 << 5)

static inline void uart_start(void) {
    UART_LCR = LCR_DIVISOR;
    UART_DATA = 1; // as fast as it can: what "no more come" means is told in characters
    UART_IER = 0;
    UART_LCR = LCR_8_BITS;
    UART_FCR = FCR_ENABLE | FCR_AT_14_BYTES;
    UART_IER = IER_RECEIVED;
}

static inline bool uart_has_byte(void) {
    return UART_LSR & LSR_DATA_READY;
}

static inline uint8_t uart_take(void) {
    return UART_DATA;
}

static inline bool uart_is_full(void) {
    return !(UART_LSR & LSR_CAN_TAKE);
}

static inline void uart_put(uint8_t byte) {
    UART_DATA = byte;
}

static inline void uart_clear_interrupt(void) {
    // Taking the byte does.
}
