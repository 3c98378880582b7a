/* What a Thumb instruction does to the stack pointer. No plugin reads registers before QEMU 9.0; but whatever is
 * addressed by the stack pointer tells where that is, and between two such accesses it is moved by constants.
 *
 * Source: Arm DDI 0403, A7.7 (encodings), and A5.3.2 (constants). */
#include "memcheck.h"

static struct stack_effect moves(int32_t change) {
    return (struct stack_effect){.is_any = true, .change = change};
}

static struct stack_effect accesses(int32_t offset, int32_t change) {
    return (struct stack_effect){.is_any = true, .is_access = true, .offset = offset, .change = change};
}

static const struct stack_effect nothing, lost = {.is_any = true, .is_lost = true};

static int32_t ones_of(uint32_t bits) {
    return __builtin_popcount(bits);
}

static struct stack_effect short_effect(uint32_t bits) {
    if ((bits & 0xff00) == 0xb000) { /* add, sub sp, #imm7 */
        int32_t size = (int32_t)(bits & 0x7f) * 4;
        return moves(bits & 0x80 ? -size : size);
    }
    if ((bits & 0xfe00) == 0xb400) { /* push */
        int32_t size = 4 * ones_of(bits & 0x1ff);
        return accesses(-size, -size);
    }
    if ((bits & 0xfe00) == 0xbc00) { /* pop */
        return accesses(0, 4 * ones_of(bits & 0x1ff));
    }
    if ((bits & 0xf000) == 0x9000) { /* str, ldr rt, [sp, #imm8] */
        return accesses((int32_t)(bits & 0xff) * 4, 0);
    }
    if ((bits & 0xff87) == 0x4485 || (bits & 0xff87) == 0x4685) { /* add sp, rm; mov sp, rm */
        return lost;
    }
    return nothing;
}

static uint32_t constant_of(uint32_t imm12) {
    uint32_t low = imm12 & 0xff;
    switch (imm12 >> 8) {
    case 0:
        return low;
    case 1:
        return low << 16 | low;
    case 2:
        return low << 24 | low << 8;
    case 3:
        return low * 0x01010101u;
    default: {
        uint32_t value = 0x80 | (imm12 & 0x7f), by = imm12 >> 7;
        return value >> by | value << (32 - by);
    }
    }
}

static struct stack_effect adds(uint32_t first, uint32_t second) {
    if ((second & 0x8f00) != 0x0d00) {
        return nothing;
    }
    uint32_t imm12 = (first & 0x400) << 1 | (second & 0x7000) >> 4 | (second & 0xff);
    switch (first & 0xfbef) {
    case 0xf10d: /* add.w sp, sp, # */
        return moves((int32_t)constant_of(imm12));
    case 0xf1ad:
        return moves(-(int32_t)constant_of(imm12));
    case 0xf20d: /* addw */
        return moves((int32_t)imm12);
    case 0xf2ad:
        return moves(-(int32_t)imm12);
    default:
        return nothing;
    }
}

static struct stack_effect long_effect(uint32_t first, uint32_t second) {
    int32_t words = 4 * (int32_t)(second & 0xff), listed = 4 * ones_of(second);
    switch (first) {
    case 0xe92d: /* push.w */
        return accesses(-listed, -listed);
    case 0xe8bd: /* pop.w */
        return accesses(0, listed);
    case 0xe96d: /* strd rt, rt2, [sp, #-imm8]! */
        return accesses(-words, -words);
    case 0xe8fd: /* ldrd rt, rt2, [sp], #imm8 */
        return accesses(0, words);
    case 0xe9cd: /* strd, ldrd [sp, #imm8] */
    case 0xe9dd:
        return accesses(words, 0);
    case 0xf84d: /* str rt, [sp, #-imm8]! */
        return (second & 0x0f00) == 0x0d00 ? accesses(-(words / 4), -(words / 4)) : nothing;
    case 0xf85d: /* ldr rt, [sp], #imm8 */
        return (second & 0x0f00) == 0x0b00 ? accesses(0, words / 4) : nothing;
    case 0xf88d: /* strb, ldrb, ldrsb, strh, ldrh, ldrsh, str, ldr [sp, #imm12] */
    case 0xf89d:
    case 0xf99d:
    case 0xf8ad:
    case 0xf8bd:
    case 0xf9bd:
    case 0xf8cd:
    case 0xf8dd:
        return accesses((int32_t)(second & 0xfff), 0);
    default:
        break;
    }
    switch (first & 0xffbf) {
    case 0xed2d: /* vpush */
        return accesses(-words, -words);
    case 0xecbd: /* vpop */
        return accesses(0, words);
    case 0xed8d: /* vstr, vldr [sp, #imm8] */
        return accesses(words, 0);
    default:
        break;
    }
    if ((first & 0xffbf) == 0xed9d) {
        return accesses(words, 0);
    }
    struct stack_effect effect = adds(first, second);
    if (effect.is_any) {
        return effect;
    }
    bool is_register = (first & 0xfe00) == 0xea00 || (first & 0xff00) == 0xfa00; /* with registers: A5.3.11, A5.3.12 */
    bool is_constant = (first & 0xf800) == 0xf000 && (second & 0x8000) == 0;
    return (is_register || is_constant) && (second & 0x0f00) == 0x0d00 ? lost : nothing;
}

struct stack_effect thumb_stack_effect(const uint8_t *bytes, const struct insn *insn) {
    (void)insn;
    uint32_t first = bytes[0] | (uint32_t)bytes[1] << 8;
    return first < 0xe800 ? short_effect(first) : long_effect(first, bytes[2] | (uint32_t)bytes[3] << 8);
}
