// What the files of this board share.

#pragma once

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))

// System control space, Armv8-M Architecture Reference Manual (Arm DDI 0553), section D1.2.
#define SCB_AIRCR REGISTER(0xe000ed0c)
#define SCB_CCR   REGISTER(0xe000ed14)
#define SCB_SHCSR REGISTER(0xe000ed24)
#define SCB_CFSR  REGISTER(0xe000ed28)
#define SCB_HFSR  REGISTER(0xe000ed2c)
#define SCB_MMFAR REGISTER(0xe000ed34)
#define SCB_BFAR  REGISTER(0xe000ed38)
#define SCB_CPACR REGISTER(0xe000ed88)
#define NVIC_ISER1 REGISTER(0xe000e104)
#define NVIC_ICER1 REGISTER(0xe000e184)
#define NVIC_ICPR1 REGISTER(0xe000e284)

// What is executed between these is not counted by mpy-harness: register moves to themselves, which do nothing and
// stand for the edges of waiting, whose length is the host's affair (mpy_harness/counting/tcg/decode.h). Nothing may
// leave such a stretch on another way, as an exception would.
#define NOT_COUNTED_FROM_HERE() __asm volatile ("mov r5, r5" : : : "memory")
#define COUNTED_FROM_HERE() __asm volatile ("mov r6, r6" : : : "memory")

extern uint32_t _sidata, _sdata, _edata, _sbss, _ebss, _sstack, _estack;

void uart_init(void);
void uart_interrupt(void);
void time_init(void);

// Whether mp_handle_pending() has something to do: all who wait must stop then.
#define IS_SOMETHING_PENDING() \
    (MP_STATE_THREAD(mp_pending_exception) != MP_OBJ_NULL || MP_STATE_VM(sched_state) == MP_SCHED_PENDING)

// Forgets what earlier code left where later code can notice it: below the stack pointer, in caches, and, where
// `board_collects` is not 0, garbage. The harness sets that when it counts; a soft reset clears it.
void board_settle(void);
extern volatile uint8_t board_collects;

// Where the collector has its table of blocks, where those begin and end: the harness looks up what is still alive.
extern const uint8_t *volatile board_heap[3];

// Ends the emulation: a system reset, which QEMU's -no-reboot turns into a clean exit.
__attribute__((noreturn)) void board_end(void);
