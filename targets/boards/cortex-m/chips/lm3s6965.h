// TI's Stellaris LM3S6965 (data sheet SPMS137), as QEMU models it: clocks and pins need no setting up there.

#pragma once

#define UART_BASE 0x4000c000 // UART0
#define CONSOLE_INTERRUPT 5

#define CLOCK_MHZ 12 // of the internal oscillator, with which it starts

#include "peripherals/pl011_uart.h"
#include "peripherals/systick_counter.h"
