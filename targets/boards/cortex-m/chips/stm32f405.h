// The STM32F405 (ST RM0090), as QEMU and Renode model it: clocks and pins need no setting up there.

#pragma once

#define USART_BASE 0x40011000 // USART1
#define CONSOLE_INTERRUPT 37

#define TIM_BASE 0x40000000 // TIM2
#define COUNTER_CLOCK_MHZ 1000 // that is how fast QEMU lets it run

#include "peripherals/stm32_usart.h"
#include "peripherals/stm32_timer.h"
