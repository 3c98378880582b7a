# Board for MicroPython's qemu port: Arm Cortex-M33 (MPS2 board, application note AN505).
# Build it out of tree: make -C ports/qemu BOARD=m33 BOARD_DIR=<this folder>

QEMU_ARCH = arm
QEMU_MACHINE = mps2-an505

CFLAGS += -mthumb -mcpu=cortex-m33 -mfpu=fpv5-sp-d16 -mfloat-abi=hard
CFLAGS += -I$(BOARD_DIR)
CFLAGS += -DMP_CONFIGFILE='<mpconfigboard.h>'
CFLAGS += -DMICROPY_HW_MCU_NAME='"Cortex-M33"'

LDSCRIPT = $(BOARD_DIR)/m33.ld

MICROPY_HEAP_SIZE ?= 2097152

# The port's own main, UART, start-up and fault files are replaced by this board's: `override` makes
# the port's later `SRC_C +=` lines have no effect.
override SRC_C := \
	board_main.c \
	board_startup.c \
	board_fault.c \
	board_uart.c \
	board_time.c \
	shared/libc/string0.c \
	shared/readline/readline.c \
	shared/runtime/gchelper_generic.c \
	shared/runtime/pyexec.c \
	shared/runtime/stdout_helpers.c \
	shared/runtime/sys_stdio_mphal.c \

vpath board_%.c $(BOARD_DIR)

MPY_CROSS_FLAGS += -march=armv7emsp
