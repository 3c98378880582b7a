// The MPS2 board with application note AN505 (Arm DAI 0505): a Cortex-M33 in the SSE-200 subsystem. Peripherals are
// used by their secure aliases, in which the core starts.

#pragma once

#define UART_BASE 0x50200000 // UART0
#define CONSOLE_INTERRUPT 32 // first expansion interrupt of the subsystem

#define FPGAIO_BASE 0x50302000
#define CLOCK_MHZ 20

#include "peripherals/cmsdk_uart.h"
#include "peripherals/mps2_counter.h"
