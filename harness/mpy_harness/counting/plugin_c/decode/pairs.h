// What a Thumb load has to do with the instruction after it: on many cores its cycles depend on that. Pure C.

#ifndef MPY_HARNESS_PAIRS_H
#define MPY_HARNESS_PAIRS_H

#include "decode.h"

enum pair {
    PAIR_NONE,
    PAIR_USED, // the second reads the register that the first, a load of one core register, loads
    PAIR_ROW   // both load one core register, and the second's address does not wait for the first
};

// second follows first in memory and is executed after it; its bytes are read as decode_thumb reads them.
enum pair thumb_pair(const struct insn *first, const struct insn *second, const uint8_t *bytes);

// Whether an instruction is one for the floating-point unit: it is of coprocessor 10 or 11, loads and stores included.
bool thumb_float(const uint8_t *bytes);

// The core registers 0 to 14 that an instruction reads, a bit for each. Without those that low-overhead loops and
// vector instructions read.
uint16_t thumb_reads(const uint8_t *bytes);

#endif
