# What all Cortex-M boards for MicroPython's qemu port share.

QEMU_ARCH = arm

# What else the core wants comes after this. Only once: with two -mfloat-abi that differ, GCC compiles as the last one says,
# but takes libraries that are for neither.
CFLAGS += -mthumb

# mpy-tool.py puts frozen native code at even addresses; Armv6-M reads a word, which such code begins with, only at a
# multiple of 4.
ifeq ($(BOARD_ARCH),armv6m)
$(BUILD)/frozen_content.o: CFLAGS += '-Daligned(bytes)=aligned(4)'
endif

include $(COMMON_DIR)/board.mk
