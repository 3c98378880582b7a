// QEMU's machine virt, whose manual (docs/system/riscv/virt) says what it has, and its source (hw/riscv/virt.c) where.

#pragma once

#define UART_BASE 0x10000000
#define CONSOLE_INTERRUPT 10

#define PLIC_BASE 0x0c000000
#define MTIME_BASE 0x0200bff8
#define MTIME_MHZ 10

#define FINISHER_BASE 0x00100000

// All that is used of the machine's peripherals.
#define PERIPHERALS(REGION) \
    REGION(FINISHER_BASE, 0x1000) REGION(0x02000000, 0x10000) REGION(PLIC_BASE, 0x600000) REGION(UART_BASE, 0x1000)

#include "peripherals/ns16550.h"
#include "peripherals/mtime.h"
#include "peripherals/plic.h"
#include "peripherals/sifive_finisher.h"
