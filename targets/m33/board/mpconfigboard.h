// Configuration of MicroPython for this board: the qemu port's, with time, an own machine.reset()
// and room for the harness to talk.

#include "mpconfigport.h"

// time.ticks_* and time.sleep_*, from a counter that is only ever read (board_time.c).
#undef MICROPY_PY_TIME
#define MICROPY_PY_TIME (1)

// select.poll on sys.stdin: what `mpremote mount` builds on.
#undef MICROPY_PY_SELECT
#define MICROPY_PY_SELECT (1)

#undef MICROPY_PY_MACHINE_INCLUDEFILE
#define MICROPY_PY_MACHINE_INCLUDEFILE "board_machine.h"

// As ports for real boards have it (stm32, rp2): the qemu port's default is the slower switch.
#define MICROPY_OPT_COMPUTED_GOTO (1)

// Raw-paste window: bigger than the default 256 bytes, so that long sources stall less often.
#define MICROPY_REPL_STDIN_BUFFER_MAX (2048)

// The C stack that mp_cstack_check leaves for code between two checks.
#define MICROPY_STACK_CHECK_MARGIN (2048)

// What the collector has found and not yet looked into. Where that is too small for, it searches the whole heap again,
// which on this board is larger than on most: a list of a hundred objects would cost more than all the rest.
#define MICROPY_ALLOC_GC_STACK_SIZE (1024)
