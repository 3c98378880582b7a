// The MPS3 board with application note AN547 (Arm DAI 0547): a Cortex-M55 in the SSE-300 subsystem. Peripherals are used
// by their secure aliases, in which the core starts.

#pragma once

#define UART_BASE 0x59303000 // UART0
#define CONSOLE_INTERRUPT 33

#define FPGAIO_BASE 0x59302000
#define CLOCK_MHZ 20

#include "peripherals/cmsdk_uart.h"
#include "peripherals/mps2_counter.h"
