// What the files of all Cortex-M boards share. Files that are generated from target.toml tell them of the board
// (mpy_harness/firmware/board_files.py): board_chip.h, which is the header of its chip, and board_map.h, its memories.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "board_marks.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

// System control space: Arm DDI 0403 (Armv7-M), section B3.2; Arm DDI 0553 (Armv8-M), section D1.2.
#define SCB_AIRCR REGISTER(0xe000ed0c)
#define SCB_CCR   REGISTER(0xe000ed14)
#define SCB_SHCSR REGISTER(0xe000ed24)
#define SCB_CFSR  REGISTER(0xe000ed28)
#define SCB_HFSR  REGISTER(0xe000ed2c)
#define SCB_MMFAR REGISTER(0xe000ed34)
#define SCB_BFAR  REGISTER(0xe000ed38)
#define SCB_CPACR REGISTER(0xe000ed88)
#define NVIC_ISER(interrupt) REGISTER(0xe000e100 + (interrupt) / 32 * 4)
#define NVIC_ICER(interrupt) REGISTER(0xe000e180 + (interrupt) / 32 * 4)
#define NVIC_ICPR(interrupt) REGISTER(0xe000e280 + (interrupt) / 32 * 4)
#define NVIC_BIT(interrupt) (1u << (interrupt) % 32)

// The address space that is the same on all cores: Arm DDI 0403, section B3.1.
#define PERIPHERALS 0x40000000u
#define PERIPHERALS_BITS 29
#define PERIPHERALS_LAST (PERIPHERALS + (1u << PERIPHERALS_BITS) - 1)
#define PRIVATE 0xe0000000u
#define PRIVATE_BITS 20
#define PRIVATE_LAST (PRIVATE + (1u << PRIVATE_BITS) - 1)

// What Armv6-M and the baseline of Armv8-M do not have: most of Thumb-2, faults other than HardFault, their status.
#define IS_MAINLINE (__ARM_ARCH_ISA_THUMB >= 2)

// A jump to a function, in assembler: the branch of the lesser cores does not reach far, and takes no symbol at any
// distance.
#if IS_MAINLINE
#define GO_TO(function) "b " #function "\n"
#else
#define GO_TO(function) "ldr r2, =" #function "\n bx r2\n"
#endif

// Code for a core with FPU.
#ifdef __ARM_FP
#define IF_FPU(code) code
#else
#define IF_FPU(code)
#endif

// A mark, MARK_START for instance: an instruction that does nothing (mpy_harness/architectures/marks.py).
#define EXECUTE(mark) __asm volatile (mark : : : "memory")

// What is executed between these is not counted by mpy-harness: they stand for the edges of waiting, whose length is the
// host's affair. Nothing may leave such a stretch on another way, as an exception would.
#define NOT_COUNTED_FROM_HERE() EXECUTE(MARK_PAUSE)
#define COUNTED_FROM_HERE() EXECUTE(MARK_RESUME)

extern uint32_t _sidata, _sdata, _edata, _sbss, _ebss, _sstack, _estack;

// Makes what a native module does wrong a fault at the place where it happens, where there is memory protection
// (board_pmsav7.c, board_pmsav8.c).
void chip_protect(void);

void console_init(void);
void console_interrupt(void);
void console_put(const char *text, unsigned length);

// Whether mp_handle_pending() has something to do: all who wait must stop then.
#define IS_SOMETHING_PENDING() \
    (MP_STATE_THREAD(mp_pending_exception) != MP_OBJ_NULL || MP_STATE_VM(sched_state) == MP_SCHED_PENDING)

// Forgets what earlier code left where later code can notice it: below the stack pointer, in caches, and, where
// `board_collects` is not 0, garbage. The harness sets that when it counts; a soft reset clears it.
void board_settle(void);
extern volatile uint8_t board_collects;

// Where the collector has its table of blocks, where those begin and end: the harness looks up what is still alive.
extern const uint8_t *volatile board_heap[3];

// What the program takes of heap and stack (board_memory.c), in bytes; mpy_harness/guest/allocations.py reads it. The
// harness asks by setting `state`: to begin with the next collection, to end with the next allocation, to look at the
// heap when the prompt is back.
enum { BOARD_MEMORY_OFF, BOARD_MEMORY_BEGIN, BOARD_MEMORY_WATCHING, BOARD_MEMORY_END, BOARD_MEMORY_LOOK };
typedef struct {
    volatile uint32_t state;
    uint32_t skip; // so many allocations are not the program's
    uint32_t allocations, allocated; // their number, and the bytes of whole blocks
    uint32_t start, used, peak; // of the heap: at the beginning, now, at most
    uint32_t largest_free;
    uint32_t stack; // at most, from its top
} board_memory_t;
extern board_memory_t board_memory;

// Puts the code of a native module where it is executed (board_code.c), and forgets all of it.
void *board_commit_code(void *code, size_t size, void *relocations);
void board_forget_code(void);

// Around each collection; the stack below the stack pointer is painted whenever it is forgotten.
void board_before_collection(void);
void board_after_collection(void);
void board_paint_stack(void);

// Tells on the console which native code the stack says is active, from `sp` on.
void board_tell_callers(uintptr_t sp);

// Ends the emulation: a system reset, which QEMU's -no-reboot turns into a clean exit.
__attribute__((noreturn)) void board_end(void);
