// Which core registers a Thumb instruction reads. Sections are of the Armv7-M manual (ARM DDI0403).

#include "pairs.h"
#include "thumb.h"

enum {
    REGISTERS = 0x7fff // without the program counter, which no load of one register waits for
};

static uint32_t reg(uint32_t bits, unsigned low) {
    return 1u << field(bits, low + 3, low);
}

static uint32_t low_reg(uint32_t bits, unsigned low) {
    return 1u << field(bits, low + 2, low);
}

// A5.2.2: the operation is in bits 9 to 6; all read both operands but RSB with 0 and MVN.
static uint32_t data_processing(uint32_t bits) {
    const uint32_t operation = field(bits, 9, 6);
    return low_reg(bits, 3) | (operation == 9 || operation == 15 ? 0 : low_reg(bits, 0));
}

// A5.2.3: ADD and CMP of any two registers, MOV, BX, BLX.
static uint32_t special_data(uint32_t bits) {
    const uint32_t first = 1u << (field(bits, 7, 7) << 3 | field(bits, 2, 0));
    return reg(bits, 3) | (field(bits, 9, 8) < 2 ? first : 0);
}

// A5.2.5
static uint32_t miscellaneous(uint32_t bits) {
    switch (field(bits, 11, 8)) {
    case 0x0: // ADD, SUB (SP)
        return 1u << SP;
    case 0x1: case 0x3: case 0x9: case 0xb: // CBZ, CBNZ
        return low_reg(bits, 0);
    case 0x2: case 0xa: // extend, reverse
        return low_reg(bits, 3);
    case 0x4: // PUSH
        return 1u << SP | field(bits, 7, 0);
    case 0x5: // PUSH with LR
        return 1u << SP | 1u << LR | field(bits, 7, 0);
    case 0xc: case 0xd: // POP
        return 1u << SP;
    default:
        return 0;
    }
}

// A5.2: by the highest four bits.
static uint32_t reads16(uint32_t bits) {
    const bool load = bit(bits, 11);
    switch (field(bits, 15, 12)) {
    case 0x0: // shift by immediate
        return low_reg(bits, 3);
    case 0x1: // ASR, or ADD and SUB of a register or an immediate
        return low_reg(bits, 3) | (field(bits, 11, 10) == 2 ? low_reg(bits, 6) : 0);
    case 0x2: // MOV, CMP with an immediate
        return load ? low_reg(bits, 8) : 0;
    case 0x3: // ADD, SUB of an immediate
        return low_reg(bits, 8);
    case 0x4: // data processing, special data, load of a literal
        return load ? 0 : bit(bits, 10) ? special_data(bits) : data_processing(bits);
    case 0x5: // by register offset: STR, STRH, STRB come first
        return low_reg(bits, 3) | low_reg(bits, 6) | (field(bits, 11, 9) < 3 ? low_reg(bits, 0) : 0);
    case 0x6: case 0x7: case 0x8: // by immediate offset
        return low_reg(bits, 3) | (load ? 0 : low_reg(bits, 0));
    case 0x9: // relative to SP
        return 1u << SP | (load ? 0 : low_reg(bits, 8));
    case 0xa: // ADR, ADD (SP)
        return load ? 1u << SP : 0;
    case 0xb:
        return miscellaneous(bits);
    case 0xc: // STM, LDM
        return low_reg(bits, 8) | (load ? 0 : field(bits, 7, 0));
    default:
        return 0;
    }
}

// A5.3.5, A5.3.6: several registers, two registers, exclusive, table branch.
static uint32_t several(uint32_t bits) {
    const uint32_t base = reg(bits, 16);
    if (!bit(bits, 22)) {
        return base | (bit(bits, 20) ? 0 : bits & REGISTERS);
    }
    if (field(bits, 31, 20) == 0xe8d && field(bits, 7, 5) == 0) {
        return base | reg(bits, 0); // TBB, TBH
    }
    return base | (bit(bits, 20) ? 0 : reg(bits, 12) | reg(bits, 8));
}

// A6.4 to A6.7: only memory accesses and moves between the register files read core registers.
static uint32_t coprocessor(uint32_t bits) {
    if (field(bits, 31, 21) == 0x762) { // two core registers
        return bit(bits, 20) ? 0 : reg(bits, 12) | reg(bits, 16);
    }
    if (!bit(bits, 25)) {
        return reg(bits, 16);
    }
    return !bit(bits, 24) && bit(bits, 4) && !bit(bits, 20) ? reg(bits, 12) : 0;
}

// A5.3.1, A5.3.3, A5.3.4: immediates and bit fields; branches and control where bit 15 is set.
static uint32_t immediate(uint32_t bits) {
    if (bit(bits, 15)) {
        return field(bits, 31, 21) == 0x79c && !bit(bits, 14) && !bit(bits, 12) ? reg(bits, 16) : 0; // MSR
    }
    switch (bit(bits, 25) ? field(bits, 24, 20) : 0) {
    case 0x04: // MOVW
        return 0;
    case 0x0c: // MOVT
        return reg(bits, 8);
    case 0x16: // BFI
        return reg(bits, 16) | reg(bits, 8);
    default:
        return reg(bits, 16);
    }
}

// A5.3.7 to A5.3.10: one register, by immediate or register offset; the literal's base is the program counter.
static uint32_t single(uint32_t bits) {
    const bool by_register = !bit(bits, 23) && field(bits, 19, 16) != PC && field(bits, 11, 6) == 0;
    return reg(bits, 16) | (by_register ? reg(bits, 0) : 0) | (bit(bits, 20) ? 0 : reg(bits, 12));
}

// A5.3.16, A5.3.17: multiply, divide; the accumulator in one register or two.
static uint32_t multiply(uint32_t bits) {
    const uint32_t operands = reg(bits, 16) | reg(bits, 0);
    if (!bit(bits, 23)) {
        return operands | reg(bits, 12);
    }
    return operands | (bit(bits, 22) ? reg(bits, 12) | reg(bits, 8) : 0);
}

// A5.3: by bits 28 to 24.
static uint32_t reads32(uint32_t bits) {
    switch (field(bits, 28, 27)) {
    case 1:
        if (bit(bits, 26)) {
            return coprocessor(bits);
        }
        return bit(bits, 25) ? reg(bits, 16) | reg(bits, 0) : several(bits); // or data processing
    case 2:
        return immediate(bits);
    default:
        if (bit(bits, 26)) {
            return coprocessor(bits);
        }
        if (!bit(bits, 25)) {
            return single(bits);
        }
        return bit(bits, 24) ? multiply(bits) : reg(bits, 16) | reg(bits, 0); // or data processing
    }
}

uint16_t thumb_reads(const uint8_t *bytes) {
    const uint32_t first = halfword(bytes);
    const uint32_t reads = first >> 11 < 0x1d ? reads16(first) : reads32(first << 16 | halfword(bytes + 2));
    return (uint16_t)(reads & REGISTERS);
}

bool thumb_float(const uint8_t *bytes) {
    return (halfword(bytes) & 0xec00) == 0xec00 && (halfword(bytes + 2) & 0x0e00) == 0x0a00;
}
