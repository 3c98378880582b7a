// The parts of the Xtensa decoder. Chapters are of the Xtensa Instruction Set Architecture Reference Manual.

#ifndef MPY_HARNESS_XTENSA_H
#define MPY_HARNESS_XTENSA_H

#include "rules.h"

extern const struct rules xtensa_rules;        // bits: the three bytes
extern const struct rules xtensa_float_rules;  // the same, of the floating-point coprocessor
extern const struct rules xtensa_narrow_rules; // bits: the two bytes of the code density option

static inline unsigned op0(uint32_t bits) {
    return field(bits, 3, 0);
}

static inline unsigned reg_t(uint32_t bits) {
    return field(bits, 7, 4);
}

static inline unsigned reg_s(uint32_t bits) {
    return field(bits, 11, 8);
}

static inline unsigned reg_r(uint32_t bits) {
    return field(bits, 15, 12);
}

static inline void moves_word(struct insn *out) {
    out->words = 1;
}

static inline void branches(struct insn *out, uint32_t target) {
    go_to(out, target);
    out->conditional = true;
}

static inline void returns(struct insn *out) {
    out->class_ = CLASS_RETURN;
    out->flow = FLOW_RETURN;
}

#endif
