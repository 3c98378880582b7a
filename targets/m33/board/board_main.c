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

#define STACK_OF_MEMSET 256 // bytes that it may use itself, and forget() below its frame address

// What depends on the past and not on the program: what calls left behind on the stack, where the collector
// looks for pointers, and where the interpreter last found each name. Code that is counted shall take as many
// instructions on every day of a board's life, so both are forgotten; that itself is not counted.
static void forget(void) {
    NOT_COUNTED_FROM_HERE();
    #if MICROPY_OPT_MAP_LOOKUP_CACHE
    memset(MP_STATE_VM(map_lookup_cache), 0, sizeof(MP_STATE_VM(map_lookup_cache)));
    #endif
    char *free_below = (char *)__builtin_frame_address(0) - STACK_OF_MEMSET;
    memset(&_sstack, 0, free_below - (char *)&_sstack);
    COUNTED_FROM_HERE();
}

static uint32_t heap[MICROPY_HEAP_SIZE / sizeof(uint32_t)];

int main(void) {
    for (;;) {
        // A fresh heap, and zeroed: what an earlier program left must not change what this one sees.
        memset(heap, 0, sizeof(heap));
        mp_cstack_init_with_top(&_estack, (char *)&_estack - (char *)&_sstack);
        gc_init(heap, (char *)heap + sizeof(heap));
        mp_init();
        forget();
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

void gc_collect(void) {
    gc_collect_start();
    gc_helper_collect_regs_and_stack();
    gc_collect_end();
    forget();
}
