// What an instruction has to do with the one after it: on many cores its cycles depend on that. Pure C.

#ifndef MPY_HARNESS_PAIRS_H
#define MPY_HARNESS_PAIRS_H

#include "decode.h"

enum pair {
    PAIR_NONE,
    PAIR_LOAD_USED,     // the second reads the register that the first loads; on Thumb: a load of one core register
    PAIR_LOAD_ROW,      // Thumb: both load one core register, and the second's address does not wait for the first
    PAIR_MULTIPLY_USED, // the second reads the product of the first, an integer multiplication
    PAIR_FLOAT_USED,    // RISC-V: the second reads the result of the first, which computes with floats or moves one;
                        // Xtensa: the result of one of the three before it, once for each cycle that it waits
    PAIR_SHIFT_USED,    // Thumb: the second shifts an operand that the first computed, before it computes itself; or it
                        // reads what the first computed of a shifted operand
    PAIR_LOAD_LATER,    // Xtensa: the next but one reads the register that the first loads, and the next waits for nothing
    PAIR_COUNT
};

// The second follows the first in memory and is executed after it; bytes, which are the second's unless the name says
// otherwise, are read as the decoder reads them.
enum pair thumb_pair(const struct insn *first, const uint8_t *bytes_of_first, const struct insn *second,
                     const uint8_t *bytes);
enum pair riscv_pair(const struct insn *first, const uint8_t *bytes_of_first, const uint8_t *bytes);
enum pair xtensa_pair(const struct insn *first, const uint8_t *bytes_of_first, const uint8_t *bytes);

// Whether an instruction is one for the floating-point unit: it is of coprocessor 10 or 11, loads and stores included.
bool thumb_float(const uint8_t *bytes);

// The core registers 0 to 14 that an instruction reads, a bit for each. Without those that low-overhead loops and
// vector instructions read.
uint16_t thumb_reads(const uint8_t *bytes);

// The registers that an instruction reads: x1 to x31 as bits 1 to 31, f0 to f31 as bits 32 to 63.
uint64_t riscv_reads(const uint8_t *bytes);

// Xtensa: by how many instructions the results of those before come too late, for each register of xtensa_reads.
#define XTENSA_REGISTERS 48
struct xtensa_results {
    uint8_t due[XTENSA_REGISTERS];
};

// How many cycles an instruction waits for results of floats, if each takes a cycle; it steps the results past itself.
unsigned xtensa_waits(struct xtensa_results *results, const uint8_t *bytes);

// The same: a0 to a15 as bits 0 to 15, booleans as bits 16 to 31, float registers as bits 32 to 47.
uint64_t xtensa_reads(const uint8_t *bytes);

#endif
