// Which registers an Xtensa instruction reads, and whether it reads the result of the one before it: a0 to a15 are bits 0
// to 15, booleans bits 16 to 31, float registers bits 32 to 47. Tables are of the Xtensa Instruction Set Architecture
// Reference Manual, "Opcode Maps", by their names.

#include "pairs.h"
#include "xtensa.h"

enum {
    BOOLEANS = 16, // the first boolean
    FLOATS = 32    // the first float register
};

static uint64_t core(unsigned number) {
    return 1ull << number;
}

static uint64_t boolean(unsigned number) {
    return 1ull << (BOOLEANS + number);
}

static uint64_t floating(unsigned number) {
    return 1ull << (FLOATS + number);
}

static uint64_t core_s(uint32_t bits) {
    return core(reg_s(bits));
}

static uint64_t core_t(uint32_t bits) {
    return core(reg_t(bits));
}

// ST0, ST1: jumps and calls by a register, movsp; shift amounts, external registers, nsa.
static uint64_t reads_st(uint32_t bits, unsigned op2) {
    const unsigned r = reg_r(bits);
    if (op2 == 0) {
        const bool jumps = r == 0 && field(bits, 7, 6) >= 2;
        const bool returns = jumps && field(bits, 7, 6) == 2 && field(bits, 5, 4) < 2;
        return returns ? core(0) : jumps || r == 1 ? core_s(bits) : 0;
    }
    return r == 4 || r == 8 ? 0 : core_s(bits) | (r == 7 ? core_t(bits) : 0);
}

static uint64_t reads_rst0(uint32_t bits, unsigned op2) {
    if (op2 == 0 || op2 == 4) {
        return reads_st(bits, op2);
    }
    return op2 == 6 ? core_t(bits) : core_s(bits) | core_t(bits);
}

// RST1: shifts, 16-bit multiplies.
static uint64_t reads_rst1(uint32_t bits, unsigned op2) {
    switch (op2) {
    case 0x0: case 0x1: case 0xa: case 0xf:
        return core_s(bits);
    case 0x2: case 0x3: case 0x4: case 0x6: case 0x9: case 0xb:
        return core_t(bits);
    default:
        return core_s(bits) | core_t(bits);
    }
}

// RST3: special registers, miscellaneous, conditional moves.
static uint64_t reads_rst3(uint32_t bits, unsigned op2) {
    switch (op2) {
    case 0x0: case 0xe:
        return 0;
    case 0x1: case 0xf:
        return core_t(bits);
    case 0x2: case 0x3:
        return core_s(bits);
    case 0x8: case 0x9: case 0xa: case 0xb:
        return core(reg_r(bits)) | core_s(bits) | core_t(bits);
    case 0xc: case 0xd:
        return core(reg_r(bits)) | core_s(bits) | boolean(reg_t(bits));
    default:
        return core_s(bits) | core_t(bits);
    }
}

// FP0: arithmetic, conversions; FP1OP in it has one operand.
static uint64_t reads_fp0(uint32_t bits, unsigned op2) {
    const uint64_t r = floating(reg_r(bits)), s = floating(reg_s(bits)), t = floating(reg_t(bits));
    switch (op2) {
    case 0x4: case 0x5: case 0x6: case 0x7: // madd.s, msub.s, maddn.s, divn.s
        return r | s | t;
    case 0x8: case 0x9: case 0xa: case 0xb: case 0xe:
        return s;
    case 0xc: case 0xd: // float.s, ufloat.s
        return core_s(bits);
    case 0xf:
        switch (reg_t(bits)) {
        case 0x3: // const.s
            return 0;
        case 0x5: // wfr
            return core_s(bits);
        case 0xc: case 0xd: case 0xe: case 0xf: // mksadj.s, mkdadj.s, addexp.s, addexpm.s
            return r | s;
        default:
            return s;
        }
    default:
        return s | t;
    }
}

// FP1: comparisons, conditional moves.
static uint64_t reads_fp1(uint32_t bits, unsigned op2) {
    const uint64_t r = floating(reg_r(bits)), s = floating(reg_s(bits));
    if (op2 >= 0xc) {
        return r | s | boolean(reg_t(bits));
    }
    return op2 >= 0x8 ? r | s | core_t(bits) : s | floating(reg_t(bits));
}

static uint64_t reads_qrst(uint32_t bits) {
    const unsigned op2 = field(bits, 23, 20);
    switch (field(bits, 19, 16)) {
    case 0x0:
        return reads_rst0(bits, op2);
    case 0x1:
        return reads_rst1(bits, op2);
    case 0x2: // booleans, 32-bit multiplies and divides
        return op2 < 5 ? boolean(reg_s(bits)) | boolean(reg_t(bits)) : core_s(bits) | core_t(bits);
    case 0x3:
        return reads_rst3(bits, op2);
    case 0x4: case 0x5: // extui
        return core_t(bits);
    case 0x8: // lsx, lsxp, ssx, ssxp
        return core_s(bits) | core_t(bits) | (op2 >= 4 ? floating(reg_r(bits)) : 0);
    case 0x9: // l32e, s32e, s32nb
        return core_s(bits) | (op2 >= 4 ? core_t(bits) : 0);
    case 0xa:
        return reads_fp0(bits, op2);
    case 0xb:
        return reads_fp1(bits, op2);
    default:
        return 0;
    }
}

// LSAI: loads, stores and immediates with eight bits; movi has none to read.
static uint64_t reads_lsai(uint32_t bits) {
    switch (reg_r(bits)) {
    case 0x4: case 0x5: case 0x6: case 0xe: case 0xf:
        return core_s(bits) | core_t(bits);
    case 0xa:
        return 0;
    default:
        return core_s(bits);
    }
}

// MAC16: where op2 says that factors or the address of a word are in core registers.
static uint64_t reads_mac16(uint32_t bits) {
    static const uint8_t by_s = 1 << 0 | 1 << 1 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 7, by_t = 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7;
    const unsigned op2 = field(bits, 23, 20);
    if (op2 >= 8) { // ldinc, lddec
        return core_s(bits);
    }
    return (by_s >> op2 & 1 ? core_s(bits) : 0) | (by_t >> op2 & 1 ? core_t(bits) : 0);
}

// SI: jumps, branches that compare with zero or a constant or look at a boolean, loops, entry.
static uint64_t reads_si(uint32_t bits) {
    const unsigned n = field(bits, 5, 4), m = field(bits, 7, 6);
    if (n == 0) {
        return 0;
    }
    return n == 3 && m == 1 && reg_r(bits) < 2 ? boolean(reg_s(bits)) : core_s(bits);
}

static uint64_t reads_narrow(uint32_t bits) {
    switch (op0(bits)) {
    case 0x8: case 0xb: // l32i.n, addi.n
        return core_s(bits);
    case 0x9: case 0xa: // s32i.n, add.n
        return core_s(bits) | core_t(bits);
    case 0xc: // movi.n, beqz.n, bnez.n
        return bit(bits, 7) ? core_s(bits) : 0;
    default: // mov.n, and what returns
        return reg_r(bits) == 0 ? core_s(bits) : reg_r(bits) == 15 && reg_t(bits) < 2 ? core(0) : 0;
    }
}

uint64_t xtensa_reads(const uint8_t *bytes) {
    const uint32_t first = halfword(bytes);
    if (op0(first) >= 8) {
        return op0(first) < 14 ? reads_narrow(first) : 0;
    }
    const uint32_t bits = first | (uint32_t)bytes[2] << 16;
    switch (op0(first)) {
    case 0:
        return reads_qrst(bits);
    case 2:
        return reads_lsai(bits);
    case 3: // lsi, lsip, ssi, ssip
        return core_s(bits) | (bit(bits, 14) ? floating(reg_t(bits)) : 0);
    case 4:
        return reads_mac16(bits);
    case 6:
        return reads_si(bits);
    case 7: // bbci and bbsi have a number in place of a second register
        return core_s(bits) | ((reg_r(bits) & 6) == 6 ? 0 : core_t(bits));
    default: // l32r, calls
        return 0;
    }
}

// The register that a load, a multiplication or an instruction of floats writes; none of MAC16's.
static uint64_t result(const uint8_t *bytes) {
    const uint32_t first = halfword(bytes), bits = first | (uint32_t)bytes[2] << 16;
    const unsigned op1 = field(bits, 19, 16), op2 = field(bits, 23, 20);
    switch (op0(first)) {
    case 0:
        break;
    case 3:
        return floating(reg_t(bits));
    case 4:
        return 0;
    default:
        return core_t(first);
    }
    if (op1 == 0x9) { // l32e
        return core_t(bits);
    }
    if (op1 == 0xb && op2 < 8) { // a comparison, un.s to ule.s
        return op2 > 0 ? boolean(reg_r(bits)) : 0;
    }
    if (op1 >= 0xe || (op1 == 0x3 && op2 == 0xf)) { // steps of double precision; wur
        return 0;
    }
    const bool to_core = op1 < 8 || (op1 == 0xa && ((op2 >= 8 && op2 < 12) || op2 == 14 || (op2 == 15 && reg_t(bits) == 4)));
    return to_core ? core(reg_r(bits)) : floating(reg_r(bits));
}

// A float that is loaded is there when the next instruction reads it (docs/published.md).
enum pair xtensa_pair(const struct insn *first, const uint8_t *bytes_of_first, const uint8_t *bytes) {
    const enum pair found = first->class_ == CLASS_LOAD       ? PAIR_LOAD_USED
                            : first->class_ == CLASS_MULTIPLY ? PAIR_MULTIPLY_USED
                                                              : PAIR_NONE;
    const uint64_t used = result(bytes_of_first) & xtensa_reads(bytes);
    return found != PAIR_NONE && (uint32_t)used != 0 ? found : PAIR_NONE;
}

// Instructions between one of floats and the first that reads its result without waiting: one fewer than the cycles that
// GCC has for it (gcc/config/xtensa/xtensa.md: fmadd, fconv).
static uint8_t between(uint32_t bits) {
    const unsigned op2 = field(bits, 23, 20);
    if (op0(bits) != 0 || field(bits, 19, 16) != 0xa) {
        return 0;
    }
    return op2 < 8 ? 3 : op2 < 15 ? 1 : 0;
}

unsigned xtensa_waits(struct xtensa_results *results, const uint8_t *bytes) {
    const uint64_t reads = xtensa_reads(bytes);
    unsigned waits = 0;
    for (unsigned at = 0; at < XTENSA_REGISTERS; at++) {
        if (reads >> at & 1 && results->due[at] > waits) {
            waits = results->due[at];
        }
    }
    const uint64_t written = result(bytes);
    for (unsigned at = 0; at < XTENSA_REGISTERS; at++) {
        const unsigned due = results->due[at];
        results->due[at] = (uint8_t)(written >> at & 1 ? between(halfword(bytes) | (uint32_t)bytes[2] << 16)
                                                       : due > waits + 1 ? due - waits - 1 : 0);
    }
    return waits;
}
