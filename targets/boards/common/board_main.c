// MicroPython's life: a REPL after every soft reset, each time with a heap as on the first day.

#include <string.h>

#include "py/compile.h"
#include "py/cstack.h"
#include "py/gc.h"
#include "py/mphal.h"
#include "py/runtime.h"
#include "shared/runtime/gchelper.h"
#include "shared/runtime/pyexec.h"

#include "board.h"

volatile uint8_t board_collects;

const uint8_t *volatile board_heap[3];

// What depends on the past and not on the program: what calls left behind on the stack, where the collector
// looks for pointers, and where the interpreter last found each name. Code that is counted shall take as many
// instructions on every day of a board's life, so both are forgotten; that itself is not counted.
static __attribute__((noipa)) void forget(void) {
    NOT_COUNTED_FROM_HERE();
    #if MICROPY_OPT_MAP_LOOKUP_CACHE
    memset(MP_STATE_VM(map_lookup_cache), 0, sizeof(MP_STATE_VM(map_lookup_cache)));
    #endif
    board_paint_stack();
    COUNTED_FROM_HERE();
}

static uint32_t heap[MICROPY_HEAP_SIZE / sizeof(uint32_t)];

void board_live(void) {
    pyexec_mode_kind = board_kept; // a soft reset comes back to the REPL that it was asked for in
    board_begin_ringing();
    board_forget_code();
    mp_cstack_init_with_top(&_estack, (char *)&_estack - (char *)&_sstack);
    gc_init(heap, (char *)heap + sizeof(heap));
    board_heap[0] = MP_STATE_MEM(area.gc_alloc_table_start);
    board_heap[1] = MP_STATE_MEM(area.gc_pool_start);
    board_heap[2] = MP_STATE_MEM(area.gc_pool_end);
    board_ring(BOARD_LIFE, 0, 0, 0);
    mp_init();
    int (*repl)(void);
    do {
        repl = pyexec_mode_kind == PYEXEC_MODE_RAW_REPL ? pyexec_raw_repl : pyexec_friendly_repl;
    } while (repl() == 0);
    mp_hal_stdout_tx_str("MPY: soft reboot\r\n");
    gc_sweep_all();
    mp_deinit();
    // As after power-on: what an earlier program left must not change what the next one sees.
    board_restart(pyexec_mode_kind);
}

void board_settle(void) {
    if (board_memory.state == BOARD_MEMORY_LOOK) {
        forget(); // first: frames of the collector itself may have old pointers in them
        gc_collect();
    } else if (board_collects) {
        gc_collect();
    } else {
        forget();
    }
}

void gc_collect(void) {
    board_before_collection();
    gc_collect_start();
    gc_helper_collect_regs_and_stack();
    gc_collect_end();
    board_after_collection();
    forget();
}

void nlr_jump_fail(void *val) {
    (void)val;
    mp_hal_stdout_tx_str("\n#FAULT UncaughtNLR\n");
    board_tell_callers((uintptr_t)__builtin_frame_address(0));
    board_end();
}
