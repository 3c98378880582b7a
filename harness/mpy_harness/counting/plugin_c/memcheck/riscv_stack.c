/* What a RISC-V instruction does to the stack pointer, x2; thumb_stack.c says what for.
 *
 * Source: The RISC-V Instruction Set Manual, volume I: "RV32I", "C" extension (stack-pointer-based loads and stores,
 * integer computational instructions). Below the stack pointer nothing may be kept: RISC-V ABIs, "Integer Calling
 * Convention". */
#include "../decode/riscv.h"
#include "memcheck.h"

enum { OP_IMM = 0x13, STORE = 0x23, STORE_FP = 0x27 };

static struct stack_effect moves(int32_t change) {
    return (struct stack_effect){.is_any = true, .change = change};
}

static struct stack_effect accesses(int32_t offset) {
    return (struct stack_effect){.is_any = true, .is_access = true, .offset = offset};
}

static const struct stack_effect nothing, lost = {.is_any = true, .is_lost = true};

static struct stack_effect short_move(uint32_t bits) {
    if ((bits & 0xef83) == 0x0101) { /* c.addi sp */
        return moves(sign_extend(field(bits, 12, 12) << 5 | field(bits, 6, 2), 6));
    }
    if ((bits & 0xef83) == 0x6101) { /* c.addi16sp */
        return moves(sign_extend(field(bits, 12, 12) << 9 | field(bits, 4, 3) << 7 | field(bits, 5, 5) << 6 |
                                     field(bits, 2, 2) << 5 | field(bits, 6, 6) << 4, 10));
    }
    return lost; /* c.mv, c.add, c.lwsp and others to it */
}

static struct stack_effect long_move(uint32_t bits) {
    bool is_addi = (bits & 0x707f) == OP_IMM;
    return is_addi && field(bits, 19, 15) == STACK ? moves(sign_extend(field(bits, 31, 20), 12)) : lost;
}

static struct stack_effect short_store(uint32_t bits) {
    switch (bits & 0xe003) {
    case 0xa002: /* c.fsdsp */
        return accesses((int32_t)(field(bits, 9, 7) << 6 | field(bits, 12, 10) << 3));
    case 0xc002: /* c.swsp, c.fswsp */
    case 0xe002:
        return accesses((int32_t)(field(bits, 8, 7) << 6 | field(bits, 12, 9) << 2));
    default:
        return nothing;
    }
}

static struct stack_effect long_store(uint32_t bits) {
    uint32_t opcode = bits & 0x7f;
    if ((opcode != STORE && opcode != STORE_FP) || field(bits, 19, 15) != STACK) {
        return nothing;
    }
    return accesses(sign_extend(field(bits, 31, 25) << 5 | field(bits, 11, 7), 12));
}

struct stack_effect riscv_stack_effect(const uint8_t *bytes, const struct insn *insn) {
    uint32_t bits = bytes[0] | (uint32_t)bytes[1] << 8;
    bool is_long = (bits & 3) == 3;
    if (is_long) {
        bits |= (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
    }
    if (insn->written & 1u << STACK) {
        return is_long ? long_move(bits) : short_move(bits);
    }
    if (insn->load_base == STACK) {
        return accesses(insn->load_offset);
    }
    return is_long ? long_store(bits) : short_store(bits);
}
