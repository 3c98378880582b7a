// Nordic's nRF51 (nRF51 Series Reference Manual 3.0), as QEMU models it: clocks and pins need no setting up there.

#pragma once

#define UART_BASE 0x40002000
#define CONSOLE_INTERRUPT 2

#define TIMER_BASE 0x40008000 // TIMER0, the only one with 32 bits

#include "peripherals/nrf51_uart.h"
#include "peripherals/nrf51_timer.h"
