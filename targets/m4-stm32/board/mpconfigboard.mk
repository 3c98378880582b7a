# Board for MicroPython's qemu port: STM32F405 (Arm Cortex-M4).
# Build it out of tree: make -C ports/qemu BOARD=m4-stm32 BOARD_DIR=<this folder> SHARED_DIR=<targets/cortex-m>

QEMU_MACHINE = netduinoplus2

CFLAGS += -mcpu=cortex-m4 -mfpu=fpv4-sp-d16
CFLAGS += -DMICROPY_HW_MCU_NAME='"STM32F405"'

include $(SHARED_DIR)/board.mk

# All of the RAM that stack and variables leave.
MICROPY_HEAP_SIZE ?= 110592

MPY_CROSS_FLAGS += -march=armv7emsp
