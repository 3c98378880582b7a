# Plain C programs for a Cortex-M board, without MicroPython; mpy_harness/programs/build.py runs this in a folder that
# holds the program's sources in sources/ and the folders that they include from.

include $(BOARD_DIR)/mpconfigboard.mk

override SRC_C := board_startup.c board_fault.c board_$(BOARD_MPU).c program.c
vpath program.c $(SHARED_DIR)

OBJECTS := $(patsubst sources/%.c,$(BUILD)/%.o,$(SOURCES)) $(SRC_C:%.c=$(BUILD)/runtime/%.o)

# The program's own flags come last: they may say otherwise.
COMPILE := $(CROSS_COMPILE)gcc $(CFLAGS) -std=gnu11 -g -Os -ffunction-sections -fdata-sections -fno-common
PROGRAM := -I$(SHARED_DIR)/include $(INCLUDES) $(PROGRAM_CFLAGS)
LINK := $(CROSS_COMPILE)gcc $(CFLAGS) --specs=nano.specs -nostartfiles -T $(LDSCRIPT) $(LDFLAGS)
LINK += -Wl,--gc-sections,--wrap=main,--no-warn-rwx-segments

.PHONY: all
all: $(BUILD)/program.elf

$(BUILD)/program.elf: $(OBJECTS)
	$(LINK) -Wl,-Map=$(@:.elf=.map) -o $@ $(OBJECTS) $(PROGRAM_LDFLAGS) -lm

$(BUILD)/%.o: sources/%.c
	@mkdir -p $(@D)
	$(COMPILE) $(PROGRAM) -c -o $@ $<

# It has an exit() for MicroPython's port; a program has the C library's.
$(BUILD)/runtime/board_startup.o: COMPILE += -Dexit=board_exit

$(BUILD)/runtime/%.o: %.c
	@mkdir -p $(@D)
	$(COMPILE) -I$(SHARED_DIR)/include -c -o $@ $<
