// Which registers a RISC-V instruction reads, and whether it reads the result of the one before it: core registers are
// bits 0 to 31, float registers bits 32 to 63. Chapters are of the RISC-V unprivileged ISA manual, by their names.

#include "pairs.h"
#include "riscv.h"

enum {
    FLOATS = 32 // the first float register
};

// Major opcodes, bits 6 to 2 of 32-bit instructions ("RV32/64G instruction set listings").
enum {
    LOAD = 0x00,
    LOAD_FP = 0x01,
    OP_IMM = 0x04,
    OP_IMM_32 = 0x06,
    STORE = 0x08,
    STORE_FP = 0x09,
    AMO = 0x0b,
    OP = 0x0c,
    OP_32 = 0x0e,
    MADD = 0x10,
    MSUB = 0x11,
    NMSUB = 0x12,
    NMADD = 0x13,
    OP_FP = 0x14,
    BRANCH = 0x18,
    JALR = 0x19,
    SYSTEM = 0x1c
};

// Operations of OP_FP, bits 31 to 27, that are not of float registers alone with two operands.
enum {
    FCVT_FORMATS = 0x08,
    FSQRT = 0x0b,
    FCOMPARE = 0x14,
    FCVT_TO_INTEGER = 0x18,
    FCVT_FROM_INTEGER = 0x1a,
    FMV_TO_INTEGER = 0x1c, // and fclass
    FMV_FROM_INTEGER = 0x1e
};

static uint64_t core(uint32_t bits, unsigned low) {
    return 1ull << field(bits, low + 4, low) & ~1ull; // nothing waits for x0
}

static uint64_t core_low(uint32_t bits, unsigned low) {
    return 1ull << (8 + field(bits, low + 2, low));
}

static uint64_t floating(uint32_t bits, unsigned low) {
    return 1ull << (FLOATS + field(bits, low + 4, low));
}

static uint64_t floating_low(uint32_t bits, unsigned low) {
    return 1ull << (FLOATS + 8 + field(bits, low + 2, low));
}

static uint64_t float_operands(uint32_t bits) {
    switch (field(bits, 31, 27)) {
    case FCVT_FROM_INTEGER: case FMV_FROM_INTEGER:
        return core(bits, 15);
    case FCVT_FORMATS: case FSQRT: case FCVT_TO_INTEGER: case FMV_TO_INTEGER:
        return floating(bits, 15);
    default:
        return floating(bits, 15) | floating(bits, 20);
    }
}

static uint64_t reads32(uint32_t bits) {
    switch (field(bits, 6, 2)) {
    case LOAD: case LOAD_FP: case OP_IMM: case OP_IMM_32: case JALR:
        return core(bits, 15);
    case OP: case OP_32: case BRANCH: case STORE: case AMO:
        return core(bits, 15) | core(bits, 20);
    case STORE_FP:
        return core(bits, 15) | floating(bits, 20);
    case MADD: case MSUB: case NMSUB: case NMADD:
        return floating(bits, 15) | floating(bits, 20) | floating(bits, 27);
    case OP_FP:
        return float_operands(bits);
    case SYSTEM: // csrrw, csrrs, csrrc: their other forms have an immediate there
        return field(bits, 13, 12) != 0 && !bit(bits, 14) ? core(bits, 15) : 0;
    default: // lui, auipc, jal, fence
        return 0;
    }
}

// "C" extension, quadrant 1: c.addi, c.addi16sp, shifts and arithmetic, branches.
static uint64_t reads_arithmetic(uint32_t bits) {
    switch (field(bits, 15, 13)) {
    case 0:
        return core(bits, 7);
    case 3:
        return field(bits, 11, 7) == STACK ? core(bits, 7) : 0; // else c.lui
    case 4:
        return core_low(bits, 7) | (field(bits, 11, 10) == 3 ? core_low(bits, 2) : 0);
    case 6: case 7:
        return core_low(bits, 7);
    default: // c.jal, c.li, c.j
        return 0;
    }
}

// "C" extension, quadrants 0 and 2: c.addi4spn, loads and stores, c.slli, c.jr, c.mv, c.jalr, c.add.
static uint64_t reads16(uint32_t bits) {
    const bool by_stack = field(bits, 1, 0) == 2;
    const uint64_t base = by_stack ? 1ull << STACK : core_low(bits, 7);
    if (field(bits, 1, 0) == 1) {
        return reads_arithmetic(bits);
    }
    switch (field(bits, 15, 13)) {
    case 0:
        return by_stack ? core(bits, 7) : bits != 0 ? 1ull << STACK : 0; // 0 is c.unimp
    case 1: case 2: case 3:
        return base;
    case 4:
        if (!by_stack) {
            return 0;
        }
        // c.mv copies its second operand, all others read the first: c.add both.
        return (field(bits, 6, 2) == 0 || bit(bits, 12) ? core(bits, 7) : 0) | core(bits, 2);
    case 6:
        return base | (by_stack ? core(bits, 2) : core_low(bits, 2));
    default:
        return base | (by_stack ? floating(bits, 2) : floating_low(bits, 2));
    }
}

uint64_t riscv_reads(const uint8_t *bytes) {
    const uint32_t first = halfword(bytes);
    return (first & 3) == 3 ? reads32(first | halfword(bytes + 2) << 16) : reads16(first);
}

static bool is_float_result(uint32_t bits) {
    if (field(bits, 6, 2) != OP_FP) {
        return true; // a fused multiplication
    }
    const uint32_t operation = field(bits, 31, 27);
    return operation != FCOMPARE && operation != FCVT_TO_INTEGER && operation != FMV_TO_INTEGER;
}

// The register that a load, a multiplication or an instruction of floats writes.
static uint64_t result(const struct insn *insn, const uint8_t *bytes) {
    const uint32_t first = halfword(bytes);
    if (insn->size == 2) { // a load: of words with an even number, of floats with an odd one
        const bool is_word = !bit(first, 13);
        if (field(first, 1, 0) == 0) {
            return is_word ? core_low(first, 2) : floating_low(first, 2);
        }
        return is_word ? core(first, 7) : floating(first, 7);
    }
    const uint32_t bits = first | halfword(bytes + 2) << 16;
    const bool is_float = insn->class_ == CLASS_LOAD ? field(bits, 6, 2) == LOAD_FP
                                                     : insn->class_ != CLASS_MULTIPLY && is_float_result(bits);
    return is_float ? floating(bits, 7) : core(bits, 7);
}

static enum pair kind(uint8_t class_) {
    if (class_ >= CLASS_FLOAT_ADD && class_ <= CLASS_FLOAT_MOVE) {
        return PAIR_FLOAT_USED;
    }
    return class_ == CLASS_LOAD ? PAIR_LOAD_USED : class_ == CLASS_MULTIPLY ? PAIR_MULTIPLY_USED : PAIR_NONE;
}

enum pair riscv_pair(const struct insn *first, const uint8_t *bytes_of_first, const uint8_t *bytes) {
    const enum pair found = kind(first->class_);
    return found != PAIR_NONE && (result(first, bytes_of_first) & riscv_reads(bytes)) ? found : PAIR_NONE;
}
