// What a plain C program finds on an AVR: a console, an end that the harness is told of, regions whose instructions are
// counted, and a painted stack. targets/boards/common/program.c is the same for cores of 32 bits.

#include <avr/pgmspace.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "board_chip.h"
#include "board_marks.h"
#include "harness.h"

#define EXECUTE(mark) __asm volatile (mark : : : "memory")

// Names that the harness itself gives (mpy_harness/counting/plugin_lines.py): the program as a whole, and its end.
#define WHOLE "\1"
#define END "\3"

// A name comes before its region, bit by bit.
__attribute__((noinline, noclone)) void harness_start(const char *name) {
    for (; *name != 0; ++name) {
        for (uint8_t bit = 0x80; bit != 0; bit >>= 1) {
            if (*name & bit) {
                EXECUTE(MARK_ONE);
            } else {
                EXECUTE(MARK_ZERO);
            }
        }
    }
    EXECUTE(MARK_START);
}

__attribute__((noinline, noclone)) void harness_stop(void) {
    EXECUTE(MARK_STOP);
}

static void put(char byte) {
    EXECUTE(MARK_PAUSE);
    while (uart_is_full()) { // as long as the host does not take what was sent
    }
    EXECUTE(MARK_RESUME);
    uart_put(byte);
}

// Of text in flash.
static void tell(const char *text) {
    for (char byte; (byte = pgm_read_byte(text)) != 0; ++text) {
        put(byte);
    }
}

// An instruction that there is none of (AVR Instruction Set Manual): QEMU halts the machine.
__attribute__((noreturn)) static void halt(void) {
    for (;;) {
        __asm volatile (".word 0x00ff");
    }
}

// The lowest bytes that the stack may have are as they were painted, or it was there. Not those of a program whose heap
// is there: that ends where target.toml says.
#define PAINT 0xa5
#define PAINTED 32 // mpy_harness/architectures/avr.py
extern uint8_t _sstack[PAINTED];
extern char *__brkval __attribute__((weak)), *__malloc_heap_end __attribute__((weak));

__attribute__((naked, used, section(".init3"))) static void paint(void) {
    for (uint8_t *byte = _sstack; byte < _sstack + PAINTED; ++byte) {
        *byte = PAINT;
    }
}

static void check_stack(void) {
    if (&__brkval != NULL && __brkval != NULL) {
        return;
    }
    for (uint8_t at = 0; at < PAINTED; ++at) {
        if (_sstack[at] != PAINT) {
            tell(PSTR("\n#FAULT StackOverflow painted=0x"));
            for (int8_t shift = 12; shift >= 0; shift -= 4) {
                uint8_t digit = (uint16_t)_sstack >> shift & 15;
                put(digit < 10 ? '0' + digit : 'a' - 10 + digit);
            }
            put('\n');
            halt();
        }
    }
}

// Ends the program: the harness takes the status from this line (mpy_harness/programs/run.py).
__attribute__((noreturn)) void _exit(int status) {
    harness_start(END);
    check_stack();
    tell(PSTR("\n#END "));
    uint8_t rest = status; // as a shell sees it
    put('0' + rest / 100);
    put('0' + rest / 10 % 10);
    put('0' + rest % 10);
    put('\n');
    halt();
}

__attribute__((noreturn)) void exit(int status) {
    _exit(status);
}

// The status that a shell would tell.
__attribute__((noreturn)) void abort(void) {
    _exit(134);
}

static int put_to(char byte, FILE *file) {
    (void)file;
    put(byte);
    return 0;
}

int __real_main(int argc, char **argv);

int __wrap_main(void) {
    static char *arguments[] = {"program", NULL};
    static FILE console = FDEV_SETUP_STREAM(put_to, NULL, _FDEV_SETUP_WRITE);
    stdout = stderr = &console;
    if (&__malloc_heap_end != NULL) {
        __malloc_heap_end = (char *)(uint16_t)HEAP_END;
    }
    uart_start();
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
