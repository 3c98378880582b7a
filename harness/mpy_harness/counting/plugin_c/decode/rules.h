// What the decoders share: tables of encodings, read from the top, and the bits of an instruction.

#ifndef MPY_HARNESS_RULES_H
#define MPY_HARNESS_RULES_H

#include <stddef.h>

#include "decode.h"

// Fill in what the encoding says beyond its class; may change the class, to CLASS_UNKNOWN as well.
typedef void fill_fn(uint32_t bits, uint32_t address, struct insn *out);

// bits & mask == value means an instruction of this class.
struct rule {
    uint32_t mask;
    uint32_t value;
    uint8_t class_;
    fill_fn *fill; // or NULL
};

struct rules {
    const struct rule *rows;
    size_t count;
};

#define RULES(rows) {(rows), sizeof(rows) / sizeof(*(rows))}

// Apply the first row that matches; false when none does.
bool rules_apply(const struct rules *rules, uint32_t bits, uint32_t address, struct insn *out);

// An instruction of which nothing is known but its size.
void insn_clear(struct insn *out, unsigned size);

// Bits high to low of an encoding, as the manuals number them.
static inline uint32_t field(uint32_t bits, unsigned high, unsigned low) {
    return bits >> low & ((2u << (high - low)) - 1);
}

static inline bool bit(uint32_t bits, unsigned number) {
    return bits >> number & 1;
}

// The number that the lowest width bits of value are in two's complement.
static inline int32_t sign_extend(uint32_t value, unsigned width) {
    const uint32_t sign = 1u << (width - 1);
    return (int32_t)((value & (2 * sign - 1)) ^ sign) - (int32_t)sign;
}

static inline uint8_t ones(uint32_t bits) {
    uint8_t count = 0;
    for (; bits; bits &= bits - 1) {
        count++;
    }
    return count;
}

static inline uint32_t halfword(const uint8_t *bytes) {
    return bytes[0] | (uint32_t)bytes[1] << 8;
}

static inline void go_to(struct insn *out, uint32_t target) {
    out->flow = FLOW_JUMP;
    out->direct = true;
    out->target = target;
}

static inline void copies(struct insn *out, unsigned to, unsigned from) {
    out->move_to = (int8_t)to;
    out->move_from = (int8_t)from;
}

static inline void loads_from(struct insn *out, unsigned base, int32_t offset) {
    out->load_base = (int8_t)base;
    out->load_offset = offset;
}

#endif
