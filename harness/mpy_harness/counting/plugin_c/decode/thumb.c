// Thumb: one instruction, 16 or 32 bits, with the IT block it may be in (sections A5.1 and A7.3.3).

#include "thumb.h"

enum {
    ALWAYS = 0xe
};

// First halfwords from 0b11101 on have a second one (section A5.1).
static bool has_second_halfword(uint32_t first) {
    return first >= 0xe800;
}

static bool in_it_block(uint8_t it) {
    return it & 0xf;
}

// ITAdvance() of section A7.3.3.
static uint8_t it_advanced(uint8_t it) {
    return it & 7 ? (uint8_t)((it & 0xe0) | (it << 1 & 0x1f)) : 0;
}

static bool starts_it_block(uint32_t bits) {
    return (bits & 0xff00) == 0xbf00 && (bits & 0xf);
}

void decode_thumb(const uint8_t *bytes, uint32_t address, struct decode_state *state, struct insn *out) {
    uint32_t bits = halfword(bytes);
    if (has_second_halfword(bits)) {
        bits = bits << 16 | halfword(bytes + 2);
        insn_clear(out, 4);
        (void)(rules_apply(&thumb32_float_rules, bits, address, out) ||
               rules_apply(&thumb32_memory_rules, bits, address, out) ||
               rules_apply(&thumb32_rules, bits, address, out));
    } else {
        insn_clear(out, 2);
        (void)rules_apply(&thumb16_rules, bits, address, out);
        if (starts_it_block(bits)) {
            state->it = (uint8_t)bits;
            return;
        }
    }
    if (out->flow == FLOW_CALL) {
        writes(out, LR);
    }
    if (out->flow != FLOW_NEXT) {
        writes(out, PC);
    }
    if (in_it_block(state->it)) {
        out->conditional |= state->it >> 4 != ALWAYS;
        state->it = it_advanced(state->it);
    }
}
