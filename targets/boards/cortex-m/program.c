// What a plain C program finds on a Cortex-M board: a console, a heap, an end that the harness is told of, and regions
// whose instructions are counted.

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "board.h"
#include "board_chip.h"
#include "harness.h"

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

// What newlib wants of a system.

extern uint8_t _ram_last;

void *_sbrk(ptrdiff_t bytes) {
    static uint8_t *top = (uint8_t *)&_ebss;
    uint8_t *before = top;
    if (bytes > &_ram_last + 1 - top || bytes < (uint8_t *)&_ebss - top) {
        errno = ENOMEM;
        return (void *)-1;
    }
    top += bytes;
    return before;
}

int _write(int file, const char *data, int length) {
    (void)file;
    console_put(data, length);
    return length;
}

int _read(int file, char *data, int length) {
    (void)file, (void)data, (void)length;
    return 0;
}

int _close(int file) {
    (void)file;
    return 0;
}

int _lseek(int file, int offset, int from) {
    (void)file, (void)offset, (void)from;
    return 0;
}

int _fstat(int file, struct stat *status) {
    (void)file;
    status->st_mode = S_IFCHR;
    return 0;
}

int _isatty(int file) {
    (void)file;
    return 1;
}

int _getpid(void) {
    return 1;
}

// Of abort() and raise(): the status that a shell would tell.
int _kill(int process, int number) {
    (void)process;
    _exit(128 + number);
}
