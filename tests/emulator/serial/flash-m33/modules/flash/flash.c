// After each start: the frozen _boot.py mounts the files, then boot.py and, before a friendly prompt, main.py run.

#include "py/mphal.h"
#include "shared/runtime/pyexec.h"

void flash_begin(void);

// For the times of files.
uint64_t mp_hal_time_ns(void) {
    return 0;
}

void flash_begin(void) {
    pyexec_frozen_module("_boot.py", false);
    pyexec_file_if_exists("boot.py");
    if (pyexec_mode_kind == PYEXEC_MODE_FRIENDLY_REPL) {
        pyexec_file_if_exists("main.py");
    }
}
