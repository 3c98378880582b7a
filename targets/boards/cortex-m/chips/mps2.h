// The MPS2 board with a Cortex-M3, M4 or M7: application notes AN385, AN386 and AN500 (Arm DAI 0385, 0386, 0500).

#pragma once

#define UART_BASE 0x40004000 // UART0
#define CONSOLE_INTERRUPT 0

#define FPGAIO_BASE 0x40028000
#define CLOCK_MHZ 25

#include "peripherals/cmsdk_uart.h"
#include "peripherals/mps2_counter.h"
