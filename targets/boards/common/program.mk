# Plain C programs for a board, without MicroPython; mpy_harness/programs/build.py runs this in a folder that
# holds the program's sources in sources/ and the folders that they include from.

include $(BOARD_DIR)/mpconfigboard.mk

# The compiler's C library. The smaller one of newlib needs no more than its name where the program is linked.
ifneq ($(filter /%,$(shell $(CROSS_COMPILE)gcc -print-file-name=nano.specs)),)
LIBRARY := newlib
LINK_LIBRARY := --specs=nano.specs
else
LIBRARY := picolibc
CFLAGS += --specs=picolibc.specs
endif

override SRC_C := board_start.c board_startup.c board_tell.c board_fault.c board_$(BOARD_MPU).c board_clock.c program.c \
	program_$(LIBRARY).c
vpath program%.c $(COMMON_DIR)

OBJECTS := $(patsubst sources/%.c,$(BUILD)/%.o,$(SOURCES)) $(SRC_C:%.c=$(BUILD)/runtime/%.o)

# The program's own flags come last: they may say otherwise.
COMPILE := $(CROSS_COMPILE)gcc $(CFLAGS) -std=gnu11 -g -Os -ffunction-sections -fdata-sections -fno-common
PROGRAM := -I$(COMMON_DIR)/include $(INCLUDES) $(PROGRAM_CFLAGS)
LINK := $(CROSS_COMPILE)gcc $(CFLAGS) $(LINK_LIBRARY) -nostartfiles -T $(LDSCRIPT) $(LDFLAGS)
LINK += -Wl,--gc-sections,--wrap=main,--no-warn-rwx-segments

.PHONY: all
all: $(BUILD)/program.elf

$(BUILD)/program.elf: $(OBJECTS)
	$(LINK) -Wl,-Map=$(@:.elf=.map) -o $@ $(OBJECTS) $(PROGRAM_LDFLAGS) -lm

$(BUILD)/%.o: sources/%.c
	@mkdir -p $(@D)
	$(COMPILE) $(PROGRAM) -c -o $@ $<

# It has an exit() for MicroPython's port; a program has the C library's.
$(BUILD)/runtime/board_start.o: COMPILE += -Dexit=board_exit

$(BUILD)/runtime/%.o: %.c
	@mkdir -p $(@D)
	$(COMPILE) -I$(COMMON_DIR)/include -c -o $@ $<
