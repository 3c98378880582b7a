// The USART0 that larger ATmegas have at one place (Microchip DS40002061, section 19; DS40002211, section 22).

#pragma once

#include <avr/io.h>

static inline void uart_start(void) {
    UCSR0B = 1 << TXEN0;
}

static inline unsigned char uart_is_full(void) {
    return !(UCSR0A & 1 << UDRE0);
}

static inline void uart_put(unsigned char byte) {
    UDR0 = byte;
}
