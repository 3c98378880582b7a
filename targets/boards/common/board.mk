# What all boards for MicroPython's qemu port share. A board's mpconfigboard.mk includes the board.mk of its kind of core,
# which includes this.
#
# GENERATED_DIR has what is made from target.toml (mpy_harness/firmware/board_files.py), SHARED_DIR what boards with one kind
# of core share, COMMON_DIR what all do, and BOARD_DIR the board's own files: the generated ones where it has none.

CFLAGS += -I$(BOARD_DIR) -I$(SHARED_DIR) -I$(COMMON_DIR) -I$(GENERATED_DIR)
CFLAGS += -DMP_CONFIGFILE='<mpconfigboard.h>'
# MicroPython 1.25 has a function that the way in which these boards execute native code (board_code.c) does not use.
CFLAGS += -Wno-error=unused-function
# Of modules in C++ (USER_C_MODULES), for which the port has no flags: those of C.
CXXFLAGS += $(filter-out -std=gnu99,$(CFLAGS))

# A board with files of its own brings chip_protect() in board_chip.c.
BOARD_MPU ?= chip

# $(BOARD_DIR)/memory.ld says where flash, RAM and stack are, $(SHARED_DIR)/core.ld what the core wants, and this where
# everything goes.
LDSCRIPT = $(COMMON_DIR)/sections.ld
LDFLAGS += -L$(BOARD_DIR) -L$(SHARED_DIR)

# Floats of 64 bits have other functions.
ifeq ($(BOARD_FLOATS),double)
CFLAGS += -DBOARD_FLOATS_DOUBLE=1
override SRC_LIB_LIBM_C = $(SRC_LIB_LIBM_DBL_C)
override SRC_LIB_LIBM_SQRT_SW_C = $(SRC_LIB_LIBM_DBL_SQRT_HW_C)
endif

# Calls of these pass through board_memory.c. The port links with the compiler, from 1.29 on with the linker itself, which
# takes its options as they are.
comma := ,
LINKER_OPTION := $(if $(findstring $$(LD) $$(LDFLAGS),$(file <$(firstword $(MAKEFILE_LIST)))),,-Wl$(comma))
LDFLAGS += $(patsubst %,$(LINKER_OPTION)--wrap=%,gc_alloc gc_realloc gc_free)

# The port's own main, UART, start-up and fault files are replaced by these: `override` makes the port's
# later `SRC_C +=` lines have no effect.
override SRC_C := \
	board_main.c \
	board_memory.c \
	board_checks.c \
	board_code.c \
	board_start.c \
	board_startup.c \
	board_enter.c \
	board_tell.c \
	board_fault.c \
	board_console.c \
	board_time.c \
	board_clock.c \
	board_$(BOARD_MPU).c \
	shared/libc/string0.c \
	shared/readline/readline.c \
	shared/runtime/gchelper_generic.c \
	shared/runtime/pyexec.c \
	shared/runtime/stdout_helpers.c \
	shared/runtime/sys_stdio_mphal.c \

vpath board_%.c $(BOARD_DIR) $(SHARED_DIR) $(COMMON_DIR)
