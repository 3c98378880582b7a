// What the files of all boards share. Files that are generated from target.toml tell them of the board
// (mpy_harness/firmware/board_files.py): board_chip.h, which is the header of its chip, and board_map.h, its memories.
//
// What depends on the kind of core is in a folder for each, which has
// - board_core.h: core_stack_pointer(), core_sleep(), core_points_to_code(), core_called_before();
// - board_control.h: core_start(), core_reset(), and what is done with the console's interrupt and with all;
// - board_startup.c: how the core begins, and board_restart();
// - board_fault.c: the handler of faults;
// - board_enter.c: main() for MicroPython, which clears stack and registers and goes to board_live();
// - board_<protection>.c for each kind of memory protection;
// - core.ld, board.mk and mpconfig_<folder>.h.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "board_marks.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#include "board_core.h"

// A mark, MARK_START for instance: an instruction that does nothing (mpy_harness/architectures/marks.py).
#define EXECUTE(mark) __asm volatile (mark : : : "memory")

// What is executed between these is not counted by mpy-harness: they stand for the edges of waiting, whose length is the
// host's affair. Nothing may leave such a stretch on another way, as an exception would.
#define NOT_COUNTED_FROM_HERE() EXECUTE(MARK_PAUSE)
#define COUNTED_FROM_HERE() EXECUTE(MARK_RESUME)

extern uint32_t _sidata, _sdata, _edata, _sbss, _ebss, _sstack, _estack;

// Makes what a native module does wrong a fault at the place where it happens, where there is memory protection.
void chip_protect(void);

// Begins with memory as after power-on but for `board_kept`, which is `kept` then; board_restart() comes here.
void board_start(uint32_t kept);

// One life of MicroPython, from a reset to the next, on an empty stack.
void board_live(void);

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
    union {
        volatile uint32_t on; // whether any of these is not 0
        struct {
            volatile uint8_t state;
            volatile uint8_t told; // whether the allocator tells what it does (board_checks.c)
        };
    };
    uint32_t skip; // so many allocations are not the program's
    uint32_t allocations, allocated; // their number, and the bytes of whole blocks
    uint32_t start, used, peak; // of the heap: at the beginning, now, at most
    uint32_t largest_free;
    uint32_t stack; // at most, from its top
} board_memory_t;
extern board_memory_t board_memory;

// What the memory checker of the emulator's plugin is told (board_checks.c; counting/plugin_c/memcheck/events.c of
// mpy_harness): what happened, and what it happened to.
enum {
    BOARD_LIFE,      // a heap is new
    BOARD_CODE,      // native code: where it is executed, its size, and where is told where the heap has it, bss, rodata
    BOARD_ALLOCATED, // block, bytes that were asked for
    BOARD_MOVING,    // a block that is about to be resized
    BOARD_MOVED,     // the block before, the block now, bytes
    BOARD_FREEING,   // a block that is about to be freed
    BOARD_COLLECTED,
};
// The answer: whether to collect garbage, because something was allocated; whether not to free what would be freed.
bool board_ring(uint32_t event, uintptr_t first, uintptr_t second, uintptr_t third);
void board_begin_ringing(void);

// The time by counted instructions (board_clock.c), as of the last time that somebody asked. CLOCK is volatile, because
// its value is not that which the compiler sees; GCC would take a volatile constant for a variable.
typedef struct {
    uint64_t us;
    uint32_t cycles, hertz; // 0 where nobody tells this time
} board_clock_t;
extern const board_clock_t board_clock;
#define CLOCK ((const volatile board_clock_t *)&board_clock)
void board_ask_clock(void);

// Puts the code of a native module where it is executed (board_code.c), and forgets all of it.
void *board_commit_code(void *code, size_t size, void *relocations);
void board_forget_code(void);

// Around each collection; the stack below the stack pointer is painted whenever it is forgotten.
void board_before_collection(void);
void board_after_collection(void);
void board_paint_stack(void);

// What is told of a fault (board_tell.c): text, a register, the bytes around an address that may be of native code.
void board_tell(const char *text);
void board_tell_register(const char *name, uint32_t value);
void board_tell_code(const char *name, uint32_t address);

// Tells on the console which native code the stack says is active, from `sp` on.
void board_tell_callers(uintptr_t sp);

// Starts the program again, as after power-on but for `board_kept`, which is 0 then.
__attribute__((noreturn)) void board_restart(uint32_t kept);
extern uint32_t board_kept;

// Ends the emulation: a system reset, which QEMU's -no-reboot turns into a clean exit.
__attribute__((noreturn)) void board_end(void);
