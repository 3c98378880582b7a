# What the generated makefile includes: literals lie beside their functions, calls reach all memory.
CFLAGS += -mtext-section-literals -mlongcalls
