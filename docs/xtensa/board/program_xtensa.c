// What a plain C program finds on an Xtensa core: regions whose instructions are counted, and an end that the harness
// is told of. targets/boards/common/program.c is the same for boards that MicroPython has.

#include <malloc.h>
#include <stdlib.h>
#include <time.h>

#include "board_chip.h"
#include "harness.h"

#define EXECUTE(mark) __asm volatile (mark : : : "memory")

// As mpy_harness/architectures/xtensa.py has them; an underscore keeps the assembler from shortening them.
#define MARK_ZERO "_min a3, a3, a3"
#define MARK_ONE "_max a3, a3, a3"
#define MARK_START "_or a2, a2, a2"
#define MARK_STOP "_and a2, a2, a2"

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

static void put(const char *text) {
    for (; *text != 0; ++text) {
        while (uart_is_full()) { // as long as the host does not take what was sent
        }
        uart_put((uint8_t)*text);
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
    put(line);
    for (;;) {
    }
}

__attribute__((noreturn)) void exit(int status) {
    _exit(status);
}

// Memory is handed out once. The C library's own would want a system with tasks.
void *memalign(size_t alignment, size_t bytes) {
    extern char _heap, _sstack;
    static char *top = &_heap;
    char *begin = top + -(uintptr_t)top % alignment;
    if (bytes > (size_t)(&_sstack - begin)) {
        return NULL;
    }
    top = begin + bytes;
    return begin;
}

void *malloc(size_t bytes) {
    return memalign(16, bytes);
}

void free(void *memory) {
    (void)memory;
}

int *__errno(void) {
    static int number;
    return &number;
}

// Neither text nor time is what such a program is run for.
int printf(const char *format, ...) {
    (void)format;
    return 0;
}

int puts(const char *text) {
    (void)text;
    return 0;
}

int putchar(int character) {
    return character;
}

clock_t clock(void) {
    return 0;
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
