// What picolibc wants of a system.

#include <stdio.h>
#include <unistd.h>

#include "board.h"
#include "program.h"

static int put(char character, FILE *file) {
    (void)file;
    console_put(&character, 1);
    return (unsigned char)character;
}

// Nothing is received.
static int get(FILE *file) {
    (void)file;
    return _FDEV_EOF;
}

static FILE console = FDEV_SETUP_STREAM(put, get, NULL, _FDEV_SETUP_RW);
FILE *const stdin = &console;
FILE *const stdout = &console;
FILE *const stderr = &console;

void *sbrk(ptrdiff_t bytes) {
    return program_sbrk(bytes);
}

pid_t getpid(void) {
    return 1;
}

// Of abort() and raise(): the status that a shell would tell.
int kill(pid_t process, int number) {
    (void)process;
    _exit(128 + number);
}
