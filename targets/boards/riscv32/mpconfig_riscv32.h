// Configuration of MicroPython that all boards with a 32-bit RISC-V core share.

#include "mpconfig_boards.h"
