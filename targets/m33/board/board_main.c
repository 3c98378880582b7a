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

static uint32_t heap[MICROPY_HEAP_SIZE / sizeof(uint32_t)];

int main(void) {
    for (;;) {
        // A fresh heap, and zeroed: what an earlier program left must not change what this one sees.
        memset(heap, 0, sizeof(heap));
        mp_cstack_init_with_top(&_estack, (char *)&_estack - (char *)&_sstack);
        gc_init(heap, (char *)heap + sizeof(heap));
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

void gc_collect(void) {
    gc_collect_start();
    gc_helper_collect_regs_and_stack();
    gc_collect_end();
}
