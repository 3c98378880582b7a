// Configuration of MicroPython for this board.

#include "mpconfig_cortex_m.h"

// Raw-paste window: as large as the RAM allows, so that long sources stall less often.
#define MICROPY_REPL_STDIN_BUFFER_MAX (512)

// What the collector has found and not yet looked into: twice the default, so that it seldom searches the heap again.
#define MICROPY_ALLOC_GC_STACK_SIZE (128)
