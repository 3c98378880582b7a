// RISC-V: instructions of 32 bits, and which of the two tables an instruction is in.

#include "riscv.h"

static unsigned rd(uint32_t bits) {
    return field(bits, 11, 7);
}

static unsigned rs1(uint32_t bits) {
    return field(bits, 19, 15);
}

static unsigned rs2(uint32_t bits) {
    return field(bits, 24, 20);
}

static int32_t immediate_i(uint32_t bits) {
    return sign_extend(field(bits, 31, 20), 12);
}

static void writes_rd(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    writes(out, rd(bits));
}

// addi with 0 is mv; from x0 it is li, which copies nothing.
static void add_immediate(uint32_t bits, uint32_t address, struct insn *out) {
    writes_rd(bits, address, out);
    if (rd(bits) != ZERO && rs1(bits) != ZERO && immediate_i(bits) == 0) {
        copies(out, rd(bits), rs1(bits));
    }
}

static void mark(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    const uint32_t number = field(bits, 22, 20);
    out->mark = (uint8_t)(number <= MARK_RESUME - MARK_ZERO ? MARK_ZERO + number : MARK_NONE);
}

static void jump_and_link(uint32_t bits, uint32_t address, struct insn *out) {
    const uint32_t offset = field(bits, 31, 31) << 20 | field(bits, 19, 12) << 12 | field(bits, 20, 20) << 11 |
                            field(bits, 30, 21) << 1;
    go_to(out, address + (uint32_t)sign_extend(offset, 21));
    jumps(out, rd(bits), false);
}

static void jump_and_link_register(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    jumps(out, rd(bits), is_link(rs1(bits)));
}

static void branch(uint32_t bits, uint32_t address, struct insn *out) {
    const uint32_t offset = field(bits, 31, 31) << 12 | field(bits, 7, 7) << 11 | field(bits, 30, 25) << 5 |
                            field(bits, 11, 8) << 1;
    go_to(out, address + (uint32_t)sign_extend(offset, 13));
    out->conditional = true;
}

static void load(uint32_t bits, uint32_t address, struct insn *out) {
    writes_rd(bits, address, out);
    loads_from(out, rs1(bits), immediate_i(bits));
    out->words = 1;
}

// Width 1 is a half, 2 a single, 3 a double ("F", "D", "Zfh").
static void load_float(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    loads_from(out, rs1(bits), immediate_i(bits));
    out->words = field(bits, 14, 12) == 3 ? 2 : 1;
}

static void store(uint32_t bits, uint32_t address, struct insn *out) {
    (void)bits;
    (void)address;
    out->words = 1;
}

static void store_float(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    out->words = field(bits, 14, 12) == 3 ? 2 : 1;
}

static void load_reserved(uint32_t bits, uint32_t address, struct insn *out) {
    writes_rd(bits, address, out);
    loads_from(out, rs1(bits), 0);
    out->words = 1;
}

static void atomic(uint32_t bits, uint32_t address, struct insn *out) {
    writes_rd(bits, address, out);
    out->words = 1;
}

static void trap_return(uint32_t bits, uint32_t address, struct insn *out) {
    (void)bits;
    (void)address;
    out->flow = FLOW_RETURN;
    out->event = EVENT_RETURN;
}

static void waits(uint32_t bits, uint32_t address, struct insn *out) {
    (void)bits;
    (void)address;
    out->event = EVENT_WAIT;
}

static void reads_epc(uint32_t bits, uint32_t address, struct insn *out) {
    writes_rd(bits, address, out);
    out->event = EVENT_ENTRY;
}

// Both operands the same: a plain copy; else fneg, fabs and copysign.
static void sign_injection(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    if (field(bits, 14, 12) == 0 && rs1(bits) == rs2(bits)) {
        out->class_ = CLASS_FLOAT_MOVE;
    }
}

static const struct rule rows[] = {
    // "RV32I" and "RV64I". The marks are hints of the kind designated for custom use, slti to x0 ("HINT instructions").
    {0xff8fffff, 0x4d002013, CLASS_INTEGER, mark},
    {0x0000007f, 0x00000037, CLASS_INTEGER, writes_rd},           // lui
    {0x0000007f, 0x00000017, CLASS_INTEGER, writes_rd},           // auipc
    {0x0000707f, 0x00000013, CLASS_INTEGER, add_immediate},       // addi
    {0x0000607f, 0x00002013, CLASS_INTEGER, writes_rd},           // slti, sltiu
    {0x0000707f, 0x00004013, CLASS_INTEGER, writes_rd},           // xori
    {0x0000607f, 0x00006013, CLASS_INTEGER, writes_rd},           // ori, andi
    {0xfc00707f, 0x00001013, CLASS_INTEGER, writes_rd},           // slli
    {0xbc00707f, 0x00005013, CLASS_INTEGER, writes_rd},           // srli, srai
    {0xfe000077, 0x00000033, CLASS_INTEGER, writes_rd},           // add, sll, slt, sltu, xor, srl, or, and; addw etc.
    {0xfe007077, 0x40000033, CLASS_INTEGER, writes_rd},           // sub, subw
    {0xfe007077, 0x40005033, CLASS_INTEGER, writes_rd},           // sra, sraw
    {0x0000707f, 0x0000001b, CLASS_INTEGER, writes_rd},           // addiw
    {0xfe00707f, 0x0000101b, CLASS_INTEGER, writes_rd},           // slliw
    {0xbe00707f, 0x0000501b, CLASS_INTEGER, writes_rd},           // srliw, sraiw
    {0x0000007f, 0x0000006f, CLASS_BRANCH, jump_and_link},        // jal
    {0x0000707f, 0x00000067, CLASS_BRANCH, jump_and_link_register},
    {0x0000607f, 0x00000063, CLASS_BRANCH, branch},               // beq, bne
    {0x0000407f, 0x00004063, CLASS_BRANCH, branch},               // blt, bge, bltu, bgeu
    {0x0000707f, 0x00007003, CLASS_UNKNOWN, NULL},
    {0x0000007f, 0x00000003, CLASS_LOAD, load},                   // lb, lh, lw, ld, lbu, lhu, lwu
    {0x0000407f, 0x00000023, CLASS_STORE, store},                 // sb, sh, sw, sd
    {0x0000707f, 0x0000000f, CLASS_SYSTEM, NULL},                 // fence, pause
    {0x0000707f, 0x0000100f, CLASS_SYSTEM, NULL},                 // fence.i ("Zifencei")
    {0xffefffff, 0x00000073, CLASS_SYSTEM, NULL},                 // ecall, ebreak
    {0xdfffffff, 0x10200073, CLASS_SYSTEM, trap_return},          // sret, mret (privileged ISA)
    {0xffffffff, 0x10500073, CLASS_SYSTEM, waits},                // wfi (privileged ISA)
    {0xfe007fff, 0x12000073, CLASS_SYSTEM, NULL},                 // sfence.vma (privileged ISA)
    {0x0000707f, 0x00004073, CLASS_UNKNOWN, NULL},
    {0x0000707f, 0x00000073, CLASS_UNKNOWN, NULL},
    {0xfffff07f, 0x34102073, CLASS_SYSTEM, reads_epc},            // csrr rd, mepc (privileged ISA)
    {0x0000007f, 0x00000073, CLASS_SYSTEM, writes_rd},            // csrrw to csrrci ("Zicsr")
    // "M".
    {0xfe004077, 0x02000033, CLASS_MULTIPLY, writes_rd},          // mul, mulh, mulhsu, mulhu, mulw
    {0xfe004077, 0x02004033, CLASS_DIVIDE, writes_rd},            // div, divu, rem, remu, divw to remuw
    // "A".
    {0xf9f0607f, 0x1000202f, CLASS_LOAD, load_reserved},          // lr
    {0xf800607f, 0x1800202f, CLASS_STORE, atomic},                // sc
    {0xf800607f, 0x0800202f, CLASS_STORE, atomic},                // amoswap
    {0x1800607f, 0x0000202f, CLASS_STORE, atomic},                // amoadd, amoxor, amoor, amoand, amomin to amomaxu
    // "F", "D" and "Zfh", whatever the format in 26 to 25.
    {0x0000707f, 0x00001007, CLASS_LOAD, load_float},             // flh
    {0x0000607f, 0x00002007, CLASS_LOAD, load_float},             // flw, fld
    {0x0000707f, 0x00001027, CLASS_STORE, store_float},           // fsh
    {0x0000607f, 0x00002027, CLASS_STORE, store_float},           // fsw, fsd
    {0x00000073, 0x00000043, CLASS_FLOAT_FMA, NULL},              // fmadd, fmsub, fnmsub, fnmadd
    {0xf000007f, 0x00000053, CLASS_FLOAT_ADD, NULL},              // fadd, fsub
    {0xf800007f, 0x10000053, CLASS_FLOAT_MUL, NULL},              // fmul
    {0xf800007f, 0x18000053, CLASS_FLOAT_DIV, NULL},              // fdiv
    {0xf9f0007f, 0x58000053, CLASS_FLOAT_SQRT, NULL},             // fsqrt
    {0xf800607f, 0x20000053, CLASS_FLOAT_ADD, sign_injection},    // fsgnj, fsgnjn
    {0xf800707f, 0x20002053, CLASS_FLOAT_ADD, NULL},              // fsgnjx
    {0xf800607f, 0x28000053, CLASS_FLOAT_ADD, NULL},              // fmin, fmax
    {0xf800607f, 0xa0000053, CLASS_FLOAT_ADD, writes_rd},         // fle, flt
    {0xf800707f, 0xa0002053, CLASS_FLOAT_ADD, writes_rd},         // feq
    {0xf9f0707f, 0xe0001053, CLASS_FLOAT_ADD, writes_rd},         // fclass
    {0xf800007f, 0x40000053, CLASS_FLOAT_CONVERT, NULL},          // fcvt between formats
    {0xf800007f, 0xc0000053, CLASS_FLOAT_CONVERT, writes_rd},     // fcvt to integers
    {0xf800007f, 0xd0000053, CLASS_FLOAT_CONVERT, NULL},          // fcvt from integers
    {0xf9f0707f, 0xe0000053, CLASS_FLOAT_MOVE, writes_rd},        // fmv.x.w
    {0xf9f0707f, 0xf0000053, CLASS_FLOAT_MOVE, NULL},             // fmv.w.x
    // "B": Zba, Zbb and Zbs.
    {0xfe007077, 0x20002033, CLASS_INTEGER, writes_rd},           // sh1add, sh1add.uw
    {0xfe005077, 0x20004033, CLASS_INTEGER, writes_rd},           // sh2add, sh3add, sh2add.uw, sh3add.uw
    {0xfe00707f, 0x0800003b, CLASS_INTEGER, writes_rd},           // add.uw
    {0xfc00707f, 0x0800101b, CLASS_INTEGER, writes_rd},           // slli.uw
    {0xfe00707f, 0x40004033, CLASS_INTEGER, writes_rd},           // xnor
    {0xfe00607f, 0x40006033, CLASS_INTEGER, writes_rd},           // orn, andn
    {0xfe00407f, 0x0a004033, CLASS_INTEGER, writes_rd},           // min, minu, max, maxu
    {0xfe003077, 0x60001033, CLASS_INTEGER, writes_rd},           // rol, ror, rolw, rorw
    {0xfff07077, 0x08004033, CLASS_INTEGER, writes_rd},           // zext.h
    {0xffe07077, 0x60001013, CLASS_INTEGER, writes_rd},           // clz, ctz, clzw, ctzw
    {0xfff07077, 0x60201013, CLASS_INTEGER, writes_rd},           // cpop, cpopw
    {0xffe0707f, 0x60401013, CLASS_INTEGER, writes_rd},           // sext.b, sext.h
    {0xfc007077, 0x60005013, CLASS_INTEGER, writes_rd},           // rori, roriw
    {0xfff0707f, 0x28705013, CLASS_INTEGER, writes_rd},           // orc.b
    {0xfdf0707f, 0x69805013, CLASS_INTEGER, writes_rd},           // rev8
    {0xfe00707f, 0x28001033, CLASS_INTEGER, writes_rd},           // bset
    {0xfe00307f, 0x48001033, CLASS_INTEGER, writes_rd},           // bclr, bext
    {0xfe00707f, 0x68001033, CLASS_INTEGER, writes_rd},           // binv
    {0xfc00707f, 0x28001013, CLASS_INTEGER, writes_rd},           // bseti
    {0xfc00307f, 0x48001013, CLASS_INTEGER, writes_rd},           // bclri, bexti
    {0xfc00707f, 0x68001013, CLASS_INTEGER, writes_rd},           // binvi
};

const struct rules riscv_rules = RULES(rows);

// Lengths beyond four bytes are reserved; the emulator takes them for four.
void decode_riscv(const uint8_t *bytes, uint32_t address, struct decode_state *state, struct insn *out) {
    (void)state;
    const uint32_t first = halfword(bytes);
    if ((first & 3) != 3) {
        insn_clear(out, 2);
        (void)rules_apply(&riscv_compressed_rules, first, address, out);
    } else {
        insn_clear(out, 4);
        (void)rules_apply(&riscv_rules, first | halfword(bytes + 2) << 16, address, out);
    }
}
