/* The same as thumb_passes.c for RISC-V, which has no instruction for several words: a structure is copied by loads and
 * stores of words, and those of a copy are next to each other.
 *
 * Source of the encodings: The RISC-V Instruction Set Manual, volume I: "RV32I", "C" extension. */
#include "../decode/riscv.h"
#include "memcheck.h"

#define MOST_INSNS 13 /* 4 bytes each: LOOK_AHEAD */

enum kind { OTHER, LOADS, STORES, SETS_BITS, LEAVES };

/* An instruction by what matters here. */
struct op {
    enum kind kind;
    uint32_t rd, rs1, rs2; /* rs2: what is stored as well; 0 where there is none */
    uint32_t width;        /* of an access, as funct3 has it, signed or not */
    int32_t offset;
};

static uint32_t low(uint32_t bits, unsigned at) {
    return 8 + field(bits, at + 2, at);
}

static struct op short_op(uint32_t bits) {
    int32_t word = (int32_t)(field(bits, 5, 5) << 6 | field(bits, 12, 10) << 3 | field(bits, 6, 6) << 2);
    int32_t load_sp = (int32_t)(field(bits, 3, 2) << 6 | field(bits, 12, 12) << 5 | field(bits, 6, 4) << 2);
    int32_t store_sp = (int32_t)(field(bits, 8, 7) << 6 | field(bits, 12, 9) << 2);
    switch (bits & 0xe003) {
    case 0x4000: /* c.lw */
        return (struct op){LOADS, low(bits, 2), low(bits, 7), 0, 2, word};
    case 0xc000: /* c.sw */
        return (struct op){STORES, 0, low(bits, 7), low(bits, 2), 2, word};
    case 0x4002: /* c.lwsp */
        return (struct op){LOADS, field(bits, 11, 7), STACK, 0, 2, load_sp};
    case 0xc002: /* c.swsp */
        return (struct op){STORES, 0, STACK, field(bits, 6, 2), 2, store_sp};
    case 0x2001: /* c.jal, c.j, c.beqz, c.bnez */
    case 0xa001:
    case 0xc001:
    case 0xe001:
        return (struct op){.kind = LEAVES};
    default:
        break;
    }
    if ((bits & 0xec03) == 0x8801) { /* c.andi */
        return (struct op){SETS_BITS, low(bits, 7), low(bits, 7), 0, 0, 0};
    }
    if ((bits & 0xfc03) == 0x8c01 && field(bits, 6, 6)) { /* c.or, c.and */
        return (struct op){SETS_BITS, low(bits, 7), low(bits, 7), low(bits, 2), 0, 0};
    }
    bool is_jump = (bits & 0xe07f) == 0x8002;
    return (struct op){.kind = is_jump ? LEAVES : OTHER};
}

static struct op long_op(uint32_t bits) {
    uint32_t rd = field(bits, 11, 7), rs1 = field(bits, 19, 15), rs2 = field(bits, 24, 20), funct3 = field(bits, 14, 12);
    switch (bits & 0x7f) {
    case 0x03: /* lb, lh, lw, lbu, lhu */
        return (struct op){LOADS, rd, rs1, 0, funct3 & 3, sign_extend(field(bits, 31, 20), 12)};
    case 0x23: /* sb, sh, sw */
        return (struct op){STORES, 0, rs1, rs2, funct3, sign_extend(field(bits, 31, 25) << 5 | rd, 12)};
    case 0x13: /* ori, andi */
        return (struct op){funct3 >= 6 ? SETS_BITS : OTHER, rd, rs1, 0, 0, 0};
    case 0x33: /* or, and; orn, andn and what sets a bit (Zbb, Zbs) are not emitted for this firmware */
        return (struct op){funct3 >= 6 && bits >> 25 == 0 ? SETS_BITS : OTHER, rd, rs1, rs2, 0, 0};
    case 0x63: /* branches, jumps */
    case 0x67:
    case 0x6f:
        return (struct op){.kind = LEAVES};
    default:
        return (struct op){.kind = OTHER};
    }
}

static struct op next(const uint8_t **code) {
    const uint8_t *at = *code;
    uint32_t bits = at[0] | (uint32_t)at[1] << 8;
    if ((bits & 3) != 3) {
        *code += 2;
        return short_op(bits);
    }
    *code += 4;
    return long_op(bits | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24);
}

/* Tell whether two stores are of words next to each other, in one structure. */
static bool are_neighbours(struct op one, struct op other) {
    int32_t step = one.offset - other.offset;
    return one.width == 2 && other.width == 2 && one.rs1 == other.rs1 && one.rs2 != ZERO && other.rs2 != ZERO &&
           one.rs2 != other.rs2 && (step == 4 || step == -4);
}

static bool is_one_of(uint32_t set, uint32_t register_) {
    return set >> register_ & 1;
}

bool riscv_only_passes_on(const uint8_t *code) {
    if (code == NULL) {
        return false;
    }
    struct op load = next(&code), copy = {OTHER}, before = {OTHER}; /* stores: of what was loaded, the one before */
    uint32_t has = 1u << load.rd & ~1u, has_set = 0; /* registers with what was loaded, with that and other bits */
    for (int at = 1; at < MOST_INSNS && load.kind == LOADS; at++) {
        struct op op = next(&code);
        if (op.kind == LEAVES) {
            return false;
        }
        if (op.kind == SETS_BITS && (is_one_of(has | has_set, op.rs1) || is_one_of(has | has_set, op.rs2))) {
            has_set |= 1u << op.rd & ~1u;
        }
        if (op.kind == LOADS) {
            has &= ~(1u << op.rd);
            has_set &= ~(1u << op.rd);
        }
        if (op.kind != STORES) {
            continue;
        }
        bool is_same_place = op.rs1 == load.rs1 && op.offset == load.offset && op.width == load.width;
        if (is_same_place && is_one_of(has_set, op.rs2)) {
            return true;
        }
        bool is_copy = !is_same_place && is_one_of(has, op.rs2);
        if ((copy.kind == STORES && are_neighbours(copy, op)) || (is_copy && are_neighbours(before, op))) {
            return true;
        }
        copy = is_copy ? op : copy;
        before = op;
    }
    return false;
}
