// A USART of the STM32F4 (ST RM0090, section 30.6) at USART_BASE.

#pragma once

#include "board.h"

#define USART_SR REGISTER(USART_BASE + 0x00)
#define USART_DR REGISTER(USART_BASE + 0x04)
#define USART_CR1 REGISTER(USART_BASE + 0x0c)

#define SR_RXNE (1 << 5)
#define SR_TXE (1 << 7)
#define CR1_RE (1 << 2)
#define CR1_TE (1 << 3)
#define CR1_RXNEIE (1 << 5)
#define CR1_UE (1 << 13)

static inline void uart_start(void) {
    USART_CR1 = CR1_UE | CR1_TE | CR1_RE | CR1_RXNEIE;
}

static inline bool uart_has_byte(void) {
    return USART_SR & SR_RXNE;
}

static inline uint8_t uart_take(void) {
    return USART_DR & 0xff;
}

static inline bool uart_is_full(void) {
    return !(USART_SR & SR_TXE);
}

static inline void uart_put(uint8_t byte) {
    USART_DR = byte;
}

static inline void uart_clear_interrupt(void) {
    // Taking the byte does.
}
