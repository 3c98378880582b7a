// The Musca-A test chip (Arm 101107): two Cortex-M33, of which the first starts, in the SSE-200 subsystem. Peripherals are
// used by their secure aliases.

#pragma once

#define UART_BASE 0x50101000 // UART0
#define CONSOLE_INTERRUPT 39

#define CLOCK_MHZ 40

#include "peripherals/pl011_uart.h"
#include "peripherals/systick_counter.h"
