// AVR: all instructions of the cores with 16-bit and 22-bit program counters, and those of XMEGA.

#include "rules.h"

// An instruction that may skip the next one: that takes effect or not, as one in an IT block does.
static bool is_skip(uint32_t bits) {
    return (bits & 0xfc00) == 0x1000 || (bits & 0xfd00) == 0x9900 || (bits & 0xfc08) == 0xfc00;
}

bool avr_skips(const uint8_t *bytes) {
    return is_skip(halfword(bytes));
}

// lds, sts; jmp, call.
unsigned avr_size(const uint8_t *bytes) {
    const uint32_t first = halfword(bytes);
    return (first & 0xfc0f) == 0x9000 || (first & 0xfe0c) == 0x940c ? 4 : 2;
}

// mov r16, r16 to mov r21, r21.
static void mark(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    const uint32_t number = field(bits, 3, 0);
    if ((bits & 0xff00) == 0x2f00 && field(bits, 7, 4) == number && number <= MARK_RESUME - MARK_ZERO) {
        out->mark = (uint8_t)(MARK_ZERO + number);
    }
}

// Registers have a byte.
static void accesses(uint32_t bits, uint32_t address, struct insn *out) {
    (void)bits, (void)address;
    out->words = 1;
}

// A return address of 16 bits; one of 22 bits takes a byte more.
static void returns(uint32_t bits, uint32_t address, struct insn *out) {
    accesses(bits, address, out);
    out->flow = FLOW_RETURN;
    out->words = 2;
}

static void call_register(uint32_t bits, uint32_t address, struct insn *out) {
    accesses(bits, address, out);
    out->flow = FLOW_CALL;
    out->words = 2;
}

static void jump_register(uint32_t bits, uint32_t address, struct insn *out) {
    (void)bits, (void)address;
    out->flow = FLOW_JUMP;
}

static void jump_far(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    go_to(out, 2 * (field(bits, 8, 4) << 17 | bit(bits, 0) << 16 | field(bits, 31, 16)));
}

static void call_far(uint32_t bits, uint32_t address, struct insn *out) {
    jump_far(bits, address, out);
    out->flow = FLOW_CALL;
    out->words = 2;
}

static void jump(uint32_t bits, uint32_t address, struct insn *out) {
    go_to(out, address + 2 + 2 * (uint32_t)sign_extend(field(bits, 11, 0), 12));
}

// To what follows, it makes room on the stack.
static void call(uint32_t bits, uint32_t address, struct insn *out) {
    out->words = 2;
    if (field(bits, 11, 0) != 0) {
        jump(bits, address, out);
        out->flow = FLOW_CALL;
    }
}

static void branch(uint32_t bits, uint32_t address, struct insn *out) {
    go_to(out, address + 2 + 2 * (uint32_t)sign_extend(field(bits, 9, 3), 7));
    out->conditional = true;
}

static const struct rule rows[] = {
    {0xffff, 0x0000, CLASS_INTEGER, NULL},           // nop
    {0xff00, 0x0100, CLASS_INTEGER, NULL},           // movw
    {0xfe00, 0x0200, CLASS_MULTIPLY, NULL},          // muls, mulsu, fmul, fmuls, fmulsu
    {0xfc00, 0x0400, CLASS_INTEGER, NULL},           // cpc
    {0xf800, 0x0800, CLASS_INTEGER, NULL},           // sbc, add
    {0xfc00, 0x2c00, CLASS_INTEGER, mark},           // mov
    {0xf000, 0x1000, CLASS_INTEGER, NULL},           // cpse, cp, sub, adc
    {0xf000, 0x2000, CLASS_INTEGER, NULL},           // and, eor, or
    {0xf000, 0x3000, CLASS_INTEGER, NULL},           // cpi
    {0xc000, 0x4000, CLASS_INTEGER, NULL},           // sbci, subi, ori, andi
    {0xd200, 0x8000, CLASS_LOAD, accesses},          // ld, ldd by Y and Z
    {0xd200, 0x8200, CLASS_STORE, accesses},         // st, std by Y and Z
    {0xfe0f, 0x9003, CLASS_UNKNOWN, NULL},
    {0xfe0f, 0x9008, CLASS_UNKNOWN, NULL},
    {0xfe0f, 0x900b, CLASS_UNKNOWN, NULL},
    {0xfe00, 0x9000, CLASS_LOAD, accesses},          // lds, ld, lpm, elpm, pop
    {0xfe0f, 0x9203, CLASS_UNKNOWN, NULL},
    {0xfe0f, 0x9208, CLASS_UNKNOWN, NULL},
    {0xfe0f, 0x920b, CLASS_UNKNOWN, NULL},
    {0xfe00, 0x9200, CLASS_STORE, accesses},         // sts, st, xch, las, lac, lat, push
    {0xffff, 0x9409, CLASS_BRANCH, jump_register},   // ijmp
    {0xffff, 0x9419, CLASS_BRANCH, jump_register},   // eijmp
    {0xffff, 0x9509, CLASS_CALL, call_register},     // icall
    {0xffff, 0x9519, CLASS_CALL, call_register},     // eicall
    {0xff7f, 0x9478, CLASS_SYSTEM, NULL},            // sei, cli
    {0xff0f, 0x9408, CLASS_INTEGER, NULL},           // bset, bclr of the other flags
    {0xffff, 0x9508, CLASS_RETURN, returns},         // ret
    {0xffff, 0x9518, CLASS_RETURN, returns},         // reti
    {0xffff, 0x9588, CLASS_SYSTEM, NULL},            // sleep
    {0xffff, 0x9598, CLASS_SYSTEM, NULL},            // break
    {0xffff, 0x95a8, CLASS_SYSTEM, NULL},            // wdr
    {0xffef, 0x95c8, CLASS_LOAD, accesses},          // lpm, elpm to r0
    {0xffef, 0x95e8, CLASS_SYSTEM, NULL},            // spm
    {0xff0f, 0x940b, CLASS_SYSTEM, NULL},            // des
    {0xfe0e, 0x940c, CLASS_BRANCH, jump_far},        // jmp
    {0xfe0e, 0x940e, CLASS_CALL, call_far},          // call
    {0xfe0c, 0x9400, CLASS_INTEGER, NULL},           // com, neg, swap, inc
    {0xfe0f, 0x9405, CLASS_INTEGER, NULL},           // asr
    {0xfe0e, 0x9406, CLASS_INTEGER, NULL},           // lsr, ror
    {0xfe0f, 0x940a, CLASS_INTEGER, NULL},           // dec
    {0xfe00, 0x9600, CLASS_INTEGER, NULL},           // adiw, sbiw
    {0xfd00, 0x9900, CLASS_INTEGER, NULL},           // sbic, sbis
    {0xfd00, 0x9800, CLASS_SYSTEM, NULL},            // cbi, sbi
    {0xfc00, 0x9c00, CLASS_MULTIPLY, NULL},          // mul
    {0xf000, 0xb000, CLASS_SYSTEM, NULL},            // in, out
    {0xf000, 0xc000, CLASS_BRANCH, jump},            // rjmp
    {0xf000, 0xd000, CLASS_CALL, call},              // rcall
    {0xf000, 0xe000, CLASS_INTEGER, NULL},           // ldi
    {0xf800, 0xf000, CLASS_BRANCH, branch},          // brbs, brbc
    {0xfc08, 0xf800, CLASS_INTEGER, NULL},           // bld, bst
    {0xfc08, 0xfc00, CLASS_INTEGER, NULL},           // sbrc, sbrs
};

static const struct rules avr_rules = RULES(rows);

// The state is whether the instruction before may skip this one.
void decode_avr(const uint8_t *bytes, uint32_t address, struct decode_state *state, struct insn *out) {
    const uint32_t first = halfword(bytes);
    insn_clear(out, avr_size(bytes));
    (void)rules_apply(&avr_rules, out->size == 4 ? first | halfword(bytes + 2) << 16 : first, address, out);
    out->conditional |= state->it != 0;
    state->it = is_skip(first);
}
