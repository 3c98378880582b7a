# Plain C programs for an Xtensa core; mpy_harness/programs/build.py runs this in a folder that holds the program's
# sources in sources/ and the folders that they include from. The C library is the compiler's, newlib.

include $(BOARD_DIR)/mpconfigboard.mk

vpath program_xtensa.c $(SHARED_DIR)
vpath start.S $(SHARED_DIR)

OBJECTS := $(patsubst sources/%.c,$(BUILD)/%.o,$(SOURCES)) $(BUILD)/runtime/program_xtensa.o $(BUILD)/runtime/start.o

# The program's own flags come last: they may say otherwise.
COMPILE := $(CROSS_COMPILE)gcc $(CFLAGS) -std=gnu11 -g -Os -ffunction-sections -fdata-sections -fno-common
PROGRAM := -I$(COMMON_DIR)/include $(INCLUDES) $(PROGRAM_CFLAGS)
LINK := $(CROSS_COMPILE)gcc $(CFLAGS) -nostartfiles -L$(GENERATED_DIR) -T $(SHARED_DIR)/program.ld
LINK += -Wl,--gc-sections,--wrap=main,--no-warn-rwx-segments

.PHONY: all
all: $(BUILD)/program.elf

$(BUILD)/program.elf: $(OBJECTS)
	$(LINK) -Wl,-Map=$(@:.elf=.map) -o $@ $(OBJECTS) $(PROGRAM_LDFLAGS) -nodefaultlibs -lm -lc -lgcc

$(BUILD)/%.o: sources/%.c
	@mkdir -p $(@D)
	$(COMPILE) $(PROGRAM) -c -o $@ $<

$(BUILD)/runtime/%.o: %.c
	@mkdir -p $(@D)
	$(COMPILE) -I$(GENERATED_DIR) -I$(COMMON_DIR)/include -c -o $@ $<

$(BUILD)/runtime/%.o: %.S
	@mkdir -p $(@D)
	$(COMPILE) -c -o $@ $<
