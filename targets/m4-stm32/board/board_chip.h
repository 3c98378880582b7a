// What the shared files need to know of the STM32F405 (ST RM0090), as QEMU and Renode model it: clocks and pins need
// no setting up there.

#pragma once

#include "board.h"

// USART1 (section 30.6).
#define USART_SR REGISTER(0x40011000)
#define USART_DR REGISTER(0x40011004)
#define USART_CR1 REGISTER(0x4001100c)

#define SR_RXNE (1 << 5)
#define SR_TXE (1 << 7)
#define CR1_RE (1 << 2)
#define CR1_TE (1 << 3)
#define CR1_RXNEIE (1 << 5)
#define CR1_UE (1 << 13)

#define CONSOLE_INTERRUPT 37

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

// TIM2, a counter of 32 bits (section 18.4), clocked at 1 GHz: that is how fast QEMU lets it run.
#define TIM_CR1 REGISTER(0x40000000)
#define TIM_EGR REGISTER(0x40000014)
#define TIM_CNT REGISTER(0x40000024)
#define TIM_PSC REGISTER(0x40000028)
#define TIM_ARR REGISTER(0x4000002c)

#define CR1_CEN (1 << 0)
#define EGR_UG (1 << 0)

#define COUNTER_CLOCK_MHZ 1000

static inline void counter_start(void) {
    TIM_PSC = COUNTER_CLOCK_MHZ - 1; // one count per microsecond
    TIM_ARR = 0xffffffff;
    TIM_EGR = EGR_UG; // takes over the prescaler and starts from 0
    TIM_CR1 = CR1_CEN;
}

static inline uint32_t counter_us(void) {
    return TIM_CNT;
}
