# Plain C programs for an AVR; mpy_harness/programs/build.py runs this in a folder that holds the program's sources in
# sources/ and the folders that they include from. Start-up code, linker script and C library are those of avr-libc.

include $(BOARD_DIR)/mpconfigboard.mk

vpath program_avr.c $(SHARED_DIR)

OBJECTS := $(patsubst sources/%.c,$(BUILD)/%.o,$(SOURCES)) $(BUILD)/runtime/program_avr.o

# The program's own flags come last: they may say otherwise.
COMPILE := $(CROSS_COMPILE)gcc $(CFLAGS) -std=gnu11 -gdwarf-2 -Os -ffunction-sections -fdata-sections -fno-common
PROGRAM := -I$(COMMON_DIR)/include $(INCLUDES) $(PROGRAM_CFLAGS)

# What is too large for the chip is an error of the linker. Where the stack may reach to: _sstack.
MAP := __TEXT_REGION_LENGTH__=$(BOARD_FLASH_LENGTH) __DATA_REGION_LENGTH__=$(BOARD_RAM_LENGTH)
MAP += __DATA_REGION_ORIGIN__=$(BOARD_RAM_ORIGIN) _estack=$(BOARD_RAM_ORIGIN)+$(BOARD_RAM_LENGTH) _sstack=__heap_start
LINK := $(CROSS_COMPILE)gcc $(CFLAGS) $(MAP:%=-Wl,--defsym=%) -Wl,--gc-sections,--wrap=main

.PHONY: all
all: $(BUILD)/program.elf

$(BUILD)/program.elf: $(OBJECTS)
	$(LINK) -Wl,-Map=$(@:.elf=.map) -o $@ $(OBJECTS) $(PROGRAM_LDFLAGS) -lm

$(BUILD)/%.o: sources/%.c
	@mkdir -p $(@D)
	$(COMPILE) $(PROGRAM) -c -o $@ $<

$(BUILD)/runtime/%.o: %.c
	@mkdir -p $(@D)
	$(COMPILE) -DHEAP_END='($(BOARD_RAM_ORIGIN) + $(BOARD_RAM_LENGTH) - $(BOARD_STACK))' -I$(SHARED_DIR) -I$(GENERATED_DIR) \
		-I$(COMMON_DIR)/include -c -o $@ $<
