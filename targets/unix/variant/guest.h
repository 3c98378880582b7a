// What the files of this variant share.
//
// The guest's memory is at the same addresses in every process, below 4 GB as on a microcontroller: what the collector
// takes for a pointer then depends on nothing but the program.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CODE_START 0x80000000
#define CODE_SIZE 0x04000000
#define STACK_START 0x90000000
#define STACK_SIZE 0x00040000
#define HEAP_START 0xa0000000
#define HEAP_SIZE 0x00800000

// How the process ends: by machine.reset(), by a fault that was told on the console, because something is wrong at its
// start, because the host is gone.
enum { GUEST_RESET = 0, GUEST_FAULT = 3, GUEST_CANNOT_START = 4, GUEST_ALONE = 5 };
__attribute__((noreturn)) void guest_end(int status);

// A page behind the window that host and guest share (mpy_harness/machines/unix/machine.py): where the guest was when it
// was sent SIGUSR1, and how often; where native code is.
#define MOST_PLACES 256
typedef struct {
    volatile uint32_t times, places;
    volatile uint64_t pc, sp;
    volatile struct {
        uint32_t start, size;
    } place[MOST_PLACES];
} guest_shared_t;
extern guest_shared_t *guest_shared;

// Whether valgrind watches.
extern bool guest_is_checked;
void guest_check_from_here(void *first_block, void *end);
void guest_forget_blocks(void);
void guest_before_collection(void);
void guest_after_collection(void);

void guest_forget_code(void);
void guest_take_signals(void);
void guest_start_console(void);
void guest_put(const char *text, size_t length);

// Leaves the process no system calls but those that it needs.
bool guest_confine(void);
