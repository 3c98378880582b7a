// What a plain C program finds on a board: a console, a heap, clock(), an end that the harness is told of, and
// regions whose instructions are counted; how the C library finds them is in program_<library>.c.

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "board.h"
#include "board_chip.h"
#include "harness.h"
#include "program.h"

extern uint8_t _ram_last;

// Names that the harness itself gives (mpy_harness/counting/plugin_lines.py): the program as a whole, and its end.
#define WHOLE "\1"
#define END "\3"

// A name comes before its region, bit by bit.
__attribute__((noipa)) void harness_start(const char *name) {
    for (; *name != 0; ++name) {
        for (unsigned bit = 0x80; bit != 0; bit >>= 1) {
            if (*name & bit) {
                EXECUTE(MARK_ONE);
            } else {
                EXECUTE(MARK_ZERO);
            }
        }
    }
    EXECUTE(MARK_START);
}

__attribute__((noipa)) void harness_stop(void) {
    EXECUTE(MARK_STOP);
}

void console_init(void) {
    uart_start();
}

// Nothing is received: a program gets what it works on from its sources.
void console_interrupt(void) {
    uart_clear_interrupt();
}

void console_put(const char *text, unsigned length) {
    for (unsigned i = 0; i < length; ++i) {
        NOT_COUNTED_FROM_HERE();
        while (uart_is_full()) { // as long as the host does not take what was sent
        }
        COUNTED_FROM_HERE();
        uart_put((uint8_t)text[i]);
    }
}

// Ends the program: the harness takes the status from this line (mpy_harness/programs/run.py).
__attribute__((noreturn)) void _exit(int status) {
    harness_start(END);
    char line[] = "\n#END 000\n";
    unsigned rest = status & 255; // as a shell sees it
    for (char *digit = line + 8; digit > line + 5; rest /= 10) {
        *digit-- = '0' + rest % 10;
    }
    console_put(line, sizeof(line) - 1);
    board_end();
}

int __real_main(int argc, char **argv);

int __wrap_main(void) {
    static char *arguments[] = { "program", NULL };
    // What the marks themselves take, first: an empty region of each kind.
    harness_start("");
    harness_stop();
    harness_start(WHOLE);
    harness_start(END);
    harness_start(WHOLE);
    int status = __real_main(1, arguments);
    harness_start(END);
    exit(status);
}

// Of the instructions that were counted, where the emulator tells that, or of the chip's counter, which wraps after
// 71 minutes.
clock_t clock(void) {
    board_ask_clock();
    uint64_t us = CLOCK->hertz ? CLOCK->us : counter_us();
    return us * CLOCKS_PER_SEC / 1000000;
}

void *program_sbrk(ptrdiff_t bytes) {
    static uint8_t *top = (uint8_t *)&_ebss;
    uint8_t *before = top;
    if (bytes > &_ram_last + 1 - top || bytes < (uint8_t *)&_ebss - top) {
        errno = ENOMEM;
        return (void *)-1;
    }
    top += bytes;
    return before;
}
