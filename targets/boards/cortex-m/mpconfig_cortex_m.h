// Configuration of MicroPython that all Cortex-M boards share.

#include "mpconfig_boards.h"

// The code that the compiler of MicroPython makes of functions is for the core: by default it has Thumb-2 in it.
#if __ARM_ARCH_ISA_THUMB < 2
#define MICROPY_EMIT_THUMB_ARMV7M (0)
#endif
