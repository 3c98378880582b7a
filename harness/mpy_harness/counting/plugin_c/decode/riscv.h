// The parts of the RISC-V decoder. Chapters are of the RISC-V unprivileged ISA manual, by their names.

#ifndef MPY_HARNESS_RISCV_H
#define MPY_HARNESS_RISCV_H

#include "rules.h"

enum {
    ZERO = 0,
    RA = 1,
    STACK = 2,
    T0 = 5
};

extern const struct rules riscv_rules;            // bits: the word
extern const struct rules riscv_compressed_rules; // bits: the halfword

static inline void writes(struct insn *out, unsigned reg) {
    if (reg != ZERO && reg < 16) {
        out->written |= (uint16_t)(1u << reg);
    }
}

// The registers that the calling convention returns through ("RV32I", unconditional jumps, return-address stack).
static inline bool is_link(unsigned reg) {
    return reg == RA || reg == T0;
}

// What jal and jalr are, by the register that they save the address in and, for jalr, the one they jump to.
static inline void jumps(struct insn *out, unsigned saved_in, bool to_link) {
    if (is_link(saved_in)) {
        out->class_ = CLASS_CALL;
        out->flow = FLOW_CALL;
    } else if (to_link) {
        out->class_ = CLASS_RETURN;
        out->flow = FLOW_RETURN;
    } else {
        out->class_ = CLASS_BRANCH;
        out->flow = FLOW_JUMP;
    }
    writes(out, saved_in);
}

#endif
