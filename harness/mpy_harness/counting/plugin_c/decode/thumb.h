// The parts of the Thumb decoder. Sections are of the Armv7-M manual (ARM DDI0403) unless another is named.

#ifndef MPY_HARNESS_THUMB_H
#define MPY_HARNESS_THUMB_H

#include "rules.h"

enum {
    SP = 13,
    LR = 14,
    PC = 15
};

extern const struct rules thumb16_rules;        // bits: the halfword
extern const struct rules thumb32_rules;        // bits: first halfword in 31 to 16, second in 15 to 0
extern const struct rules thumb32_memory_rules;
extern const struct rules thumb32_float_rules;  // looked up first: the others leave the coprocessors' space to it

static inline void writes(struct insn *out, unsigned reg) {
    out->written |= (uint16_t)(1u << reg);
}

// A jump to what a register holds: through the link register it is a return.
static inline void jump_to_register(struct insn *out, unsigned reg) {
    out->class_ = reg == LR ? CLASS_RETURN : CLASS_BRANCH;
    out->flow = reg == LR ? FLOW_RETURN : FLOW_JUMP;
}

// A load into the program counter: popped from the stack it is a return, otherwise a jump by table.
static inline void jump_to_loaded(struct insn *out, bool popped) {
    out->class_ = popped ? CLASS_RETURN : CLASS_BRANCH;
    out->flow = popped ? FLOW_RETURN : FLOW_JUMP;
}

static inline uint32_t literal_base(uint32_t address) {
    return (address + 4) & ~3u;
}

#endif
