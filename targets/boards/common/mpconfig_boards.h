// Configuration of MicroPython that all boards share: the qemu port's, with time and an own machine.reset().

#include <stddef.h>

#include "mpconfigport.h"

#if BOARD_FLOATS_DOUBLE
#undef MICROPY_FLOAT_IMPL
#define MICROPY_FLOAT_IMPL (MICROPY_FLOAT_IMPL_DOUBLE)
#endif

// time.ticks_* and time.sleep_*, from a counter that is only ever read (board_time.c).
#undef MICROPY_PY_TIME
#define MICROPY_PY_TIME (1)

// select.poll on sys.stdin: what `mpremote mount` builds on.
#undef MICROPY_PY_SELECT
#define MICROPY_PY_SELECT (1)

#undef MICROPY_PY_MACHINE_INCLUDEFILE
#define MICROPY_PY_MACHINE_INCLUDEFILE "board_machine.h"

// The code of native modules is executed outside of the heap. What the heap has of it stays there for the collector, as
// on a port without such a place: what the code points to is found by it.
void *board_commit_code(void *code, size_t size, void *relocations);
#define MP_PLAT_COMMIT_EXEC(code, size, relocations) board_commit_code(code, size, relocations)
#define MICROPY_PERSISTENT_CODE_TRACK_FUN_DATA (1)
#define MICROPY_PERSISTENT_CODE_TRACK_BSS_RODATA (0)

// As ports for real boards have it (stm32, rp2): the qemu port's default is the slower switch.
#define MICROPY_OPT_COMPUTED_GOTO (1)

// The C stack that mp_cstack_check leaves for code between two checks.
#define MICROPY_STACK_CHECK_MARGIN (2048)
