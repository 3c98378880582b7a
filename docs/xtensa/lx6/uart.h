// UART0 (ESP32 Technical Reference Manual, "UART Controller"): it sends without having been set up.

#pragma once

#include <stdint.h>

#define UART_FIFO (*(volatile uint32_t *)0x3ff40000)
#define UART_STATUS (*(volatile uint32_t *)0x3ff4001c)

static inline int uart_is_full(void) {
    return (UART_STATUS >> 16 & 0xff) > 100; // of 128 bytes
}

static inline void uart_put(uint8_t byte) {
    UART_FIFO = byte;
}
