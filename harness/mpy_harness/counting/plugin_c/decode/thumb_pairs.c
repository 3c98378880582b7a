// Thumb: what an instruction has to do with the one after it. Sections are of the Armv7-M manual (ARM DDI0403).

#include "pairs.h"
#include "thumb.h"

// Operations of A5.3.11, bits 24 to 21.
enum {
    MOVE = 2, // with register 15 for the other operand: a shift alone; else ORR
    PACK = 6  // PKHBT and PKHTB
};

static bool loads_one(const struct insn *insn) {
    return insn->class_ == CLASS_LOAD && insn->words == 1 && insn->written != 0;
}

// A5.3.16 and A5.3.17: those of the DSP extension too.
static bool multiplies(const struct insn *insn, const uint8_t *bytes) {
    return insn->class_ == CLASS_MULTIPLY || (insn->class_ == CLASS_DSP && halfword(bytes) >> 8 == 0xfb);
}

// A5.3.11: the register, as a bit, that is shifted by a constant before it is an operand; 0 where none is, and where the
// shift is all that is done.
static uint32_t shifted(const struct insn *insn, const uint8_t *bytes) {
    const uint32_t first = halfword(bytes);
    const uint32_t operation = field(first, 8, 5);
    if (insn->class_ != CLASS_INTEGER || first >> 9 != 0x75 || operation == PACK ||
        (operation == MOVE && field(first, 3, 0) == PC)) {
        return 0;
    }
    const uint32_t second = halfword(bytes + 2);
    // Where bit 15 is set, there are CSEL and its kin (Armv8.1-M, DDI0553 C2.4).
    return !bit(second, 15) && (second & 0x70f0) ? 1u << field(second, 3, 0) : 0;
}

static bool computes(const struct insn *insn) {
    return insn->class_ == CLASS_INTEGER || insn->class_ == CLASS_DSP;
}

enum pair thumb_pair(const struct insn *first, const uint8_t *bytes_of_first, const struct insn *second,
                     const uint8_t *bytes) {
    const bool is_used = first->written & thumb_reads(bytes);
    if (loads_one(first)) {
        return is_used ? PAIR_LOAD_USED : loads_one(second) ? PAIR_LOAD_ROW : PAIR_NONE;
    }
    if (multiplies(first, bytes_of_first)) {
        return is_used ? PAIR_MULTIPLY_USED : PAIR_NONE;
    }
    const bool waits = (is_used && shifted(first, bytes_of_first)) || (first->written & shifted(second, bytes));
    return computes(first) && waits ? PAIR_SHIFT_USED : PAIR_NONE;
}
