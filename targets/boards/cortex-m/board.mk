# What all Cortex-M boards for MicroPython's qemu port share; a board's mpconfigboard.mk includes it.
# GENERATED_DIR has what is made from target.toml (mpy_harness/firmware/board_files.py), BOARD_DIR the board's own
# files; they are one folder where it has none.

QEMU_ARCH = arm

# A core without FPU says otherwise, after this.
CFLAGS += -mthumb -mfloat-abi=hard
CFLAGS += -I$(BOARD_DIR) -I$(SHARED_DIR) -I$(GENERATED_DIR)
CFLAGS += -DMP_CONFIGFILE='<mpconfigboard.h>'

# A board with files of its own brings chip_protect() in board_chip.c.
BOARD_MPU ?= chip

# $(BOARD_DIR)/memory.ld says where flash, RAM and stack are, this where everything goes.
LDSCRIPT = $(SHARED_DIR)/sections.ld
LDFLAGS += -L$(BOARD_DIR)

# Calls of these pass through board_memory.c.
LDFLAGS += -Wl,--wrap=gc_alloc,--wrap=gc_realloc,--wrap=gc_free

# The port's own main, UART, start-up and fault files are replaced by these: `override` makes the port's
# later `SRC_C +=` lines have no effect.
override SRC_C := \
	board_main.c \
	board_memory.c \
	board_code.c \
	board_startup.c \
	board_fault.c \
	board_console.c \
	board_time.c \
	board_$(BOARD_MPU).c \
	shared/libc/string0.c \
	shared/readline/readline.c \
	shared/runtime/gchelper_generic.c \
	shared/runtime/pyexec.c \
	shared/runtime/stdout_helpers.c \
	shared/runtime/sys_stdio_mphal.c \

vpath board_%.c $(BOARD_DIR) $(SHARED_DIR)
