// No memory protection: a core without it, or a chip whose core was built without.

#include "board.h"

void chip_protect(void) {
}
