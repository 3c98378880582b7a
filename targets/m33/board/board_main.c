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
    uint32_t *top; // no call from here: all below the stack pointer is free
    __asm volatile ("mov %0, sp" : "=r" (top));
    for (volatile uint32_t *word = &_sstack; word < top; ++word) {
        *word = 0;
    }
    COUNTED_FROM_HERE();
}

static uint32_t heap[MICROPY_HEAP_SIZE / sizeof(uint32_t)];

int main(void) {
    for (;;) {
        // As after power-on: what an earlier program left must not change what this one sees.
        memset(heap, 0, sizeof(heap));
        memset(&mp_state_ctx, 0, sizeof(mp_state_ctx));
        board_collects = 0;
        forget();
        mp_cstack_init_with_top(&_estack, (char *)&_estack - (char *)&_sstack);
        gc_init(heap, (char *)heap + sizeof(heap));
        board_heap[0] = MP_STATE_MEM(area.gc_alloc_table_start);
        board_heap[1] = MP_STATE_MEM(area.gc_pool_start);
        board_heap[2] = MP_STATE_MEM(area.gc_pool_end);
        mp_init();
        for (;;) {
            int (*repl)(void) = pyexec_mode_kind == PYEXEC_MODE_RAW_REPL ? pyexec_raw_repl : pyexec_friendly_repl;
            if (repl() != 0) {
                break;
            }
        }
        mp_hal_stdout_tx_str("MPY: soft reboot\r\n");
        gc_sweep_all();
        mp_deinit();
    }
}

void board_settle(void) {
    if (board_collects) {
        gc_collect();
    } else {
        forget();
    }
}

void gc_collect(void) {
    gc_collect_start();
    gc_helper_collect_regs_and_stack();
    gc_collect_end();
    forget();
}
