// A timer of the STM32F4 with a counter of 32 bits (ST RM0090, section 18.4) at TIM_BASE, clocked with COUNTER_CLOCK_MHZ.

#pragma once

#include "board.h"

#define TIM_CR1 REGISTER(TIM_BASE + 0x00)
#define TIM_EGR REGISTER(TIM_BASE + 0x14)
#define TIM_CNT REGISTER(TIM_BASE + 0x24)
#define TIM_PSC REGISTER(TIM_BASE + 0x28)
#define TIM_ARR REGISTER(TIM_BASE + 0x2c)

#define CR1_CEN (1 << 0)
#define EGR_UG (1 << 0)

static inline void counter_start(void) {
    TIM_PSC = COUNTER_CLOCK_MHZ - 1; // one count per microsecond
    TIM_ARR = 0xffffffff;
    TIM_EGR = EGR_UG; // takes over the prescaler and starts from 0
    TIM_CR1 = CR1_CEN;
}

static inline uint32_t counter_us(void) {
    return TIM_CNT;
}
