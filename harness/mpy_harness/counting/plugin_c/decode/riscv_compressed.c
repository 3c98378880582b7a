// RISC-V: instructions of 16 bits, as RV32 has them ("C" extension for compressed instructions).

#include "riscv.h"

static unsigned rd(uint32_t bits) {
    return field(bits, 11, 7);
}

static unsigned rs2(uint32_t bits) {
    return field(bits, 6, 2);
}

// Three-bit registers are x8 to x15.
static unsigned rd_low(uint32_t bits) {
    return 8 + field(bits, 4, 2);
}

static unsigned rs1_low(uint32_t bits) {
    return 8 + field(bits, 9, 7);
}

static void writes_rd(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    writes(out, rd(bits));
}

static void writes_rd_low(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    writes(out, rd_low(bits));
}

static void writes_rs1_low(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    writes(out, rs1_low(bits));
}

static void move(uint32_t bits, uint32_t address, struct insn *out) {
    writes_rd(bits, address, out);
    if (rd(bits) != ZERO) {
        copies(out, rd(bits), rs2(bits));
    }
}

static void jump(uint32_t bits, uint32_t address, struct insn *out) {
    const uint32_t offset = field(bits, 12, 12) << 11 | field(bits, 8, 8) << 10 | field(bits, 10, 9) << 8 |
                            field(bits, 6, 6) << 7 | field(bits, 7, 7) << 6 | field(bits, 2, 2) << 5 |
                            field(bits, 11, 11) << 4 | field(bits, 5, 3) << 1;
    go_to(out, address + (uint32_t)sign_extend(offset, 12));
    jumps(out, bit(bits, 15) ? ZERO : RA, false);
}

static void jump_register(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    jumps(out, bit(bits, 12) ? RA : ZERO, is_link(rd(bits)));
}

static void branch(uint32_t bits, uint32_t address, struct insn *out) {
    const uint32_t offset = field(bits, 12, 12) << 8 | field(bits, 6, 5) << 6 | field(bits, 2, 2) << 5 |
                            field(bits, 11, 10) << 3 | field(bits, 4, 3) << 1;
    go_to(out, address + (uint32_t)sign_extend(offset, 9));
    out->conditional = true;
}

static int32_t offset_word(uint32_t bits) {
    return (int32_t)(field(bits, 5, 5) << 6 | field(bits, 12, 10) << 3 | field(bits, 6, 6) << 2);
}

static int32_t offset_double(uint32_t bits) {
    return (int32_t)(field(bits, 6, 5) << 6 | field(bits, 12, 10) << 3);
}

static int32_t offset_word_sp(uint32_t bits) {
    return (int32_t)(field(bits, 3, 2) << 6 | field(bits, 12, 12) << 5 | field(bits, 6, 4) << 2);
}

static int32_t offset_double_sp(uint32_t bits) {
    return (int32_t)(field(bits, 4, 2) << 6 | field(bits, 12, 12) << 5 | field(bits, 6, 5) << 3);
}

static void load_word(uint32_t bits, uint32_t address, struct insn *out) {
    writes_rd_low(bits, address, out);
    loads_from(out, rs1_low(bits), offset_word(bits));
    out->words = 1;
}

static void load_single(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    loads_from(out, rs1_low(bits), offset_word(bits));
    out->words = 1;
}

static void load_double(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    loads_from(out, rs1_low(bits), offset_double(bits));
    out->words = 2;
}

static void load_word_sp(uint32_t bits, uint32_t address, struct insn *out) {
    writes_rd(bits, address, out);
    loads_from(out, STACK, offset_word_sp(bits));
    out->words = 1;
}

static void load_single_sp(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    loads_from(out, STACK, offset_word_sp(bits));
    out->words = 1;
}

static void load_double_sp(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    loads_from(out, STACK, offset_double_sp(bits));
    out->words = 2;
}

static void store(uint32_t bits, uint32_t address, struct insn *out) {
    (void)bits;
    (void)address;
    out->words = 1;
}

static void store_double(uint32_t bits, uint32_t address, struct insn *out) {
    (void)bits;
    (void)address;
    out->words = 2;
}

static const struct rule rows[] = {
    // Quadrant 0.
    {0xffff, 0x0000, CLASS_SYSTEM, NULL},               // c.unimp: defined to be illegal
    {0xffe3, 0x0000, CLASS_UNKNOWN, NULL},              // reserved
    {0xe003, 0x0000, CLASS_INTEGER, writes_rd_low},     // c.addi4spn
    {0xe003, 0x2000, CLASS_LOAD, load_double},          // c.fld
    {0xe003, 0x4000, CLASS_LOAD, load_word},            // c.lw
    {0xe003, 0x6000, CLASS_LOAD, load_single},          // c.flw
    {0xe003, 0xa000, CLASS_STORE, store_double},        // c.fsd
    {0xe003, 0xc000, CLASS_STORE, store},               // c.sw
    {0xe003, 0xe000, CLASS_STORE, store},               // c.fsw
    // Quadrant 1.
    {0xe003, 0x0001, CLASS_INTEGER, writes_rd},         // c.nop, c.addi
    {0x6003, 0x2001, CLASS_BRANCH, jump},               // c.jal, c.j
    {0xe003, 0x4001, CLASS_INTEGER, writes_rd},         // c.li
    {0xf07f, 0x6001, CLASS_UNKNOWN, NULL},              // reserved
    {0xe003, 0x6001, CLASS_INTEGER, writes_rd},         // c.lui, c.addi16sp
    {0xfc43, 0x9c41, CLASS_UNKNOWN, NULL},              // reserved
    {0xe003, 0x8001, CLASS_INTEGER, writes_rs1_low},    // c.srli, c.srai, c.andi, c.sub to c.addw
    {0xc003, 0xc001, CLASS_BRANCH, branch},             // c.beqz, c.bnez
    // Quadrant 2.
    {0xe003, 0x0002, CLASS_INTEGER, writes_rd},         // c.slli
    {0xe003, 0x2002, CLASS_LOAD, load_double_sp},       // c.fldsp
    {0xef83, 0x4002, CLASS_UNKNOWN, NULL},              // reserved
    {0xe003, 0x4002, CLASS_LOAD, load_word_sp},         // c.lwsp
    {0xe003, 0x6002, CLASS_LOAD, load_single_sp},       // c.flwsp
    {0xffff, 0x8002, CLASS_UNKNOWN, NULL},              // reserved
    {0xffff, 0x9002, CLASS_SYSTEM, NULL},               // c.ebreak
    {0xe07f, 0x8002, CLASS_BRANCH, jump_register},      // c.jr, c.jalr
    {0xf003, 0x8002, CLASS_INTEGER, move},              // c.mv
    {0xf003, 0x9002, CLASS_INTEGER, writes_rd},         // c.add
    {0xe003, 0xa002, CLASS_STORE, store_double},        // c.fsdsp
    {0xe003, 0xc002, CLASS_STORE, store},               // c.swsp
    {0xe003, 0xe002, CLASS_STORE, store},               // c.fswsp
};

const struct rules riscv_compressed_rules = RULES(rows);
