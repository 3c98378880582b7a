// What newlib wants of a system.

#include <sys/stat.h>
#include <unistd.h>

#include "board.h"
#include "program.h"

void *_sbrk(ptrdiff_t bytes) {
    return program_sbrk(bytes);
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
