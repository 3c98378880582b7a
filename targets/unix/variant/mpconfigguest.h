// Configuration: the port's, without all that reaches the host, and with what boards have.

#include <stddef.h>

#include "mpconfigport.h"

#define MICROPY_MPHALPORT_H "guest_mphal.h"

// No files, programs, variables or randomness of the host.
#undef MICROPY_VFS_POSIX
#define MICROPY_VFS_POSIX (0)
#undef MICROPY_READER_POSIX
#define MICROPY_READER_POSIX (0)
#undef MICROPY_HELPER_LEXER_UNIX
#define MICROPY_HELPER_LEXER_UNIX (0)
#undef MICROPY_STREAMS_POSIX_API
#define MICROPY_STREAMS_POSIX_API (0)
#undef MICROPY_PY_OS_INCLUDEFILE
#undef MICROPY_PY_OS_ERRNO
#define MICROPY_PY_OS_ERRNO (0)
#undef MICROPY_PY_OS_GETENV_PUTENV_UNSETENV
#define MICROPY_PY_OS_GETENV_PUTENV_UNSETENV (0)
#undef MICROPY_PY_OS_SYSTEM
#define MICROPY_PY_OS_SYSTEM (0)
#undef MICROPY_PY_OS_URANDOM
#define MICROPY_PY_OS_URANDOM (0)
#undef MICROPY_PY_RANDOM_SEED_INIT_FUNC
#undef MICROPY_VFS_ROM
#define MICROPY_VFS_ROM (0)

// machine.mem32 and its like are the guest's memory, not /dev/mem.
#undef MICROPY_PLAT_DEV_MEM
#define MICROPY_PLAT_DEV_MEM (0)
#undef MICROPY_MACHINE_MEM_GET_READ_ADDR
#undef MICROPY_MACHINE_MEM_GET_WRITE_ADDR
#undef MICROPY_PY_MACHINE_INCLUDEFILE
#define MICROPY_PY_MACHINE_INCLUDEFILE "guest_machine.h"
#define MICROPY_PY_MACHINE_RESET (1)

#undef MICROPY_PY_TIME_CUSTOM_SLEEP
#undef MICROPY_PY_TIME_INCLUDEFILE
#define MICROPY_PY_TIME_INCLUDEFILE "guest_modtime.h"

// select.poll on sys.stdin, as on boards.
#undef MICROPY_PY_SELECT_POSIX_OPTIMISATIONS
#define MICROPY_PY_SELECT_POSIX_OPTIMISATIONS (0)

// The life of a board, from the REPL's prompt to a reset.
#undef MICROPY_PY_SYS_PATH_ARGV_DEFAULTS
#define MICROPY_PY_SYS_PATH_ARGV_DEFAULTS (1)
#undef MICROPY_PY_SYS_PATH_DEFAULT
#undef MICROPY_PY_SYS_EXECUTABLE
#define MICROPY_PY_SYS_EXECUTABLE (0)
#undef MICROPY_PY_SYS_ATEXIT
#define MICROPY_PY_SYS_ATEXIT (0)
#undef MICROPY_MODULE_OVERRIDE_MAIN_IMPORT
#define MICROPY_MODULE_OVERRIDE_MAIN_IMPORT (0)
#undef MICROPY_PYEXEC_COMPILE_ONLY // of 1.27 and newer: an option of the port's main()
#define MICROPY_PYEXEC_COMPILE_ONLY (0)
#undef MICROPY_ASYNC_KBD_INTR
#define MICROPY_ASYNC_KBD_INTR (0)
#undef MICROPY_DEBUG_PRINTERS
#define MICROPY_DEBUG_PRINTERS (0)
#undef MICROPY_DEBUG_PRINTER
#define MICROPY_DEBUG_PRINTER (&mp_plat_print)
#undef MICROPY_ERROR_PRINTER
#define MICROPY_ERROR_PRINTER (&mp_plat_print)

#define MICROPY_REPL_STDIN_BUFFER_MAX (2048)
#define MICROPY_ALLOC_GC_STACK_SIZE (1024)
#define MICROPY_STACK_CHECK_MARGIN (8192)
#define MICROPY_HW_BOARD_NAME "mpy-harness"
#define MICROPY_HW_MCU_NAME "x86-64"
#define MICROPY_BANNER_MACHINE MICROPY_HW_BOARD_NAME " with " MICROPY_HW_MCU_NAME

// Native code is executed outside of the heap, where nothing can write to it any more.
void guest_alloc_code(size_t size, void **place, size_t *room);
void *guest_commit_code(void *code, size_t size, void *relocations);
#undef MP_PLAT_ALLOC_EXEC
#define MP_PLAT_ALLOC_EXEC(size, place, room) guest_alloc_code(size, place, room)
#undef MP_PLAT_FREE_EXEC
#define MP_PLAT_FREE_EXEC(place, size) ((void)(place), (void)(size))
#define MP_PLAT_COMMIT_EXEC(code, size, relocations) guest_commit_code(code, size, relocations)
