# What all boards with a 32-bit RISC-V core share, for MicroPython's qemu port.

QEMU_ARCH = riscv32

# The port compiles for a core of its choice, which Debian's GCC has no libraries for, unless it is told.
RV32_ARCH := $(patsubst -march=%,%,$(filter -march=%,$(BOARD_FLAGS)))

# Nor is the C library's start-up code wanted, nor that of the port.
LDFLAGS += -nostartfiles
override SRC_BOARD_O :=

# mpy-tool.py puts frozen native code at even addresses, or means to: where code is to be relaxed, GNU as takes it for granted
# that all of it has even ones, and does nothing. Behind code of odd length, which has data in it, that is not so.
$(BUILD)/frozen_content.o: CFLAGS += -mno-relax '-Daligned(bytes)=aligned(4)'

# For all files, because MicroPython looks for strings in all of them with the same flags.
CFLAGS += -DCOMMON_BOARD_MEMORY='"$(COMMON_DIR)/board_memory.c"'

include $(COMMON_DIR)/board.mk
