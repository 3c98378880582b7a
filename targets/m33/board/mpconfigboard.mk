# Board for MicroPython's qemu port: Arm Cortex-M33 (MPS2 board, application note AN505).
# Build it out of tree: make -C ports/qemu BOARD=m33 BOARD_DIR=<this folder> SHARED_DIR=<targets/cortex-m>

QEMU_MACHINE = mps2-an505

CFLAGS += -mcpu=cortex-m33 -mfpu=fpv5-sp-d16
CFLAGS += -DMICROPY_HW_MCU_NAME='"Cortex-M33"'

include $(SHARED_DIR)/board.mk

MICROPY_HEAP_SIZE ?= 2097152

MPY_CROSS_FLAGS += -march=armv7emsp
