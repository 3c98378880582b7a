// What the C library of a program needs of program.c.

#pragma once

#include <stddef.h>

// The heap's end before it is moved by so many bytes, (void *)-1 and errno where there is no room.
void *program_sbrk(ptrdiff_t bytes);
