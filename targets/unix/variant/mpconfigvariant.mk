# A variant of MicroPython's unix port that is a board: its console is a descriptor that it inherits, and of the host it
# has nothing else. What it is compiled from is here; the port's own main, terminal and file system are left out.

MICROPY_PY_BTREE = 0
MICROPY_PY_FFI = 0
MICROPY_PY_JNI = 0
MICROPY_PY_SOCKET = 0
MICROPY_PY_SSL = 0
MICROPY_PY_TERMIOS = 0
MICROPY_PY_THREAD = 0
MICROPY_VFS_LFS1 = 0

PROG = micropython
# Symbols stay in: they name functions where something goes wrong.
override STRIP =

CFLAGS += -DMP_CONFIGFILE='<mpconfigguest.h>' -fno-pie -fno-strict-aliasing
COPT = -O2 -DNDEBUG
# Addresses of code and data are in the image, so that they have names.
LDFLAGS += -no-pie
# Calls of these pass through guest_checks.c.
comma := ,
LDFLAGS += $(patsubst %,-Wl$(comma)--wrap=%,gc_alloc gc_realloc gc_free)

# `override` makes the port's later `SRC_C +=` lines have no effect.
override SRC_C := \
	fatfs_port.c \
	guest_checks.c \
	guest_code.c \
	guest_console.c \
	guest_fault.c \
	guest_fence.c \
	guest_main.c \
	guest_time.c \
	shared/runtime/pyexec.c \
	shared/runtime/stdout_helpers.c \
	shared/runtime/sys_stdio_mphal.c \

vpath guest_%.c $(VARIANT_DIR)
