// Thumb: 16-bit instructions (section A5.2).

#include "thumb.h"

static unsigned high_rd(uint32_t bits) {
    return field(bits, 7, 7) << 3 | field(bits, 2, 0);
}

static unsigned high_rm(uint32_t bits) {
    return field(bits, 6, 3);
}

static void rd_low(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    writes(out, field(bits, 2, 0));
}

static void rd_middle(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    writes(out, field(bits, 10, 8));
}

static void writes_sp(uint32_t bits, uint32_t address, struct insn *out) {
    (void)bits;
    (void)address;
    writes(out, SP);
}

// Shifts and additions whose immediate is zero are how Armv6-M copies low registers.
static void copies_low(uint32_t bits, uint32_t address, struct insn *out) {
    rd_low(bits, address, out);
    copies(out, field(bits, 2, 0), field(bits, 5, 3));
}

static void copies_sp(uint32_t bits, uint32_t address, struct insn *out) {
    rd_middle(bits, address, out);
    copies(out, field(bits, 10, 8), SP);
}

static void add_high(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    writes(out, high_rd(bits));
    if (high_rd(bits) == PC) {
        out->class_ = CLASS_BRANCH;
        out->flow = FLOW_JUMP;
    }
}

static void move_high(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    writes(out, high_rd(bits));
    if (high_rd(bits) == PC) {
        jump_to_register(out, high_rm(bits));
    } else {
        copies(out, high_rd(bits), high_rm(bits));
    }
}

static void mark(uint32_t bits, uint32_t address, struct insn *out) {
    move_high(bits, address, out);
    out->mark = (uint8_t)(MARK_ZERO + high_rm(bits) - 9);
}

static void pause(uint32_t bits, uint32_t address, struct insn *out) {
    move_high(bits, address, out);
    out->mark = (uint8_t)(MARK_PAUSE + high_rm(bits) - 5);
}

static void branch_exchange(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    jump_to_register(out, high_rm(bits));
}

static void call(uint32_t bits, uint32_t address, struct insn *out) {
    (void)bits;
    (void)address;
    out->flow = FLOW_CALL;
}

static void branch(uint32_t bits, uint32_t address, struct insn *out) {
    go_to(out, address + 4 + (uint32_t)sign_extend(bits << 1, 12));
}

static void branch_conditional(uint32_t bits, uint32_t address, struct insn *out) {
    go_to(out, address + 4 + (uint32_t)sign_extend(bits << 1, 9));
    out->conditional = true;
}

static void compare_and_branch(uint32_t bits, uint32_t address, struct insn *out) {
    go_to(out, address + 4 + (field(bits, 9, 9) << 6 | field(bits, 7, 3) << 1));
    out->conditional = true;
}

static void load_literal(uint32_t bits, uint32_t address, struct insn *out) {
    rd_middle(bits, address, out);
    loads_from(out, PC, (int32_t)field(bits, 7, 0) * 4);
    out->words = 1;
}

static void load_sp(uint32_t bits, uint32_t address, struct insn *out) {
    rd_middle(bits, address, out);
    loads_from(out, SP, (int32_t)field(bits, 7, 0) * 4);
    out->words = 1;
}

static void load_register(uint32_t bits, uint32_t address, struct insn *out) {
    rd_low(bits, address, out);
    out->words = 1;
}

static void load_immediate(uint32_t bits, struct insn *out, unsigned bytes) {
    writes(out, field(bits, 2, 0));
    loads_from(out, field(bits, 5, 3), (int32_t)(field(bits, 10, 6) * bytes));
    out->words = 1;
}

static void load_word(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    load_immediate(bits, out, 4);
}

static void load_half(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    load_immediate(bits, out, 2);
}

static void load_byte(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    load_immediate(bits, out, 1);
}

static void store(uint32_t bits, uint32_t address, struct insn *out) {
    (void)bits;
    (void)address;
    out->words = 1;
}

static void push(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    out->words = ones(field(bits, 8, 0));
    writes(out, SP);
}

static void pop(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    out->words = ones(field(bits, 8, 0));
    out->written = (uint16_t)field(bits, 7, 0);
    writes(out, SP);
    if (bit(bits, 8)) {
        jump_to_loaded(out, true);
    }
}

static void store_multiple(uint32_t bits, uint32_t address, struct insn *out) {
    rd_middle(bits, address, out);
    out->words = ones(field(bits, 7, 0));
}

// The base is left alone, or rather loaded, when it is among the registers.
static void load_multiple(uint32_t bits, uint32_t address, struct insn *out) {
    store_multiple(bits, address, out);
    if (bits >> field(bits, 10, 8) & 1) {
        loads_from(out, field(bits, 10, 8), 0);
    }
    out->written |= (uint16_t)field(bits, 7, 0);
}

static const struct rule rows[] = {
    // Shift, add, subtract, move and compare with immediates (A5.2.1).
    {0xffc0, 0x0000, CLASS_INTEGER, copies_low},         // movs rd, rm: lsls by 0
    {0xffc0, 0x1c00, CLASS_INTEGER, copies_low},         // adds rd, rn, #0
    {0xf800, 0x2800, CLASS_INTEGER, NULL},               // cmp rn, #imm8
    {0xe000, 0x0000, CLASS_INTEGER, rd_low},             // lsls, lsrs, asrs, adds, subs
    {0xe000, 0x2000, CLASS_INTEGER, rd_middle},          // movs, adds, subs with #imm8
    // Data processing (A5.2.2).
    {0xffc0, 0x4340, CLASS_MULTIPLY, rd_low},            // muls
    {0xffc0, 0x4200, CLASS_INTEGER, NULL},               // tst
    {0xff80, 0x4280, CLASS_INTEGER, NULL},               // cmp, cmn
    {0xfc00, 0x4000, CLASS_INTEGER, rd_low},             // ands to mvns
    // Special data and branch and exchange (A5.2.3); bxns and blxns of Armv8-M have bit 2 set.
    {0xff00, 0x4400, CLASS_INTEGER, add_high},           // add rd, rm
    {0xff00, 0x4500, CLASS_INTEGER, NULL},               // cmp
    {0xffff, 0x46c9, CLASS_INTEGER, mark},               // mov r9, r9
    {0xffff, 0x46d2, CLASS_INTEGER, mark},               // mov r10, r10
    {0xffff, 0x46db, CLASS_INTEGER, mark},               // mov r11, r11
    {0xffff, 0x46e4, CLASS_INTEGER, mark},               // mov r12, r12
    {0xffff, 0x462d, CLASS_INTEGER, pause},              // mov r5, r5
    {0xffff, 0x4636, CLASS_INTEGER, pause},              // mov r6, r6
    {0xff00, 0x4600, CLASS_INTEGER, move_high},          // mov rd, rm
    {0xff83, 0x4700, CLASS_BRANCH, branch_exchange},     // bx, bxns
    {0xff83, 0x4780, CLASS_CALL, call},                  // blx, blxns
    // Load and store single (A5.2.4).
    {0xf800, 0x4800, CLASS_LOAD, load_literal},          // ldr rt, [pc, #]
    {0xfe00, 0x5600, CLASS_LOAD, load_register},         // ldrsb
    {0xf800, 0x5800, CLASS_LOAD, load_register},         // ldr, ldrh, ldrb, ldrsh with a register
    {0xf000, 0x5000, CLASS_STORE, store},                // str, strh, strb with a register
    {0xf800, 0x6000, CLASS_STORE, store},                // str
    {0xf800, 0x6800, CLASS_LOAD, load_word},             // ldr
    {0xf800, 0x7000, CLASS_STORE, store},                // strb
    {0xf800, 0x7800, CLASS_LOAD, load_byte},             // ldrb
    {0xf800, 0x8000, CLASS_STORE, store},                // strh
    {0xf800, 0x8800, CLASS_LOAD, load_half},             // ldrh
    {0xf800, 0x9000, CLASS_STORE, store},                // str rt, [sp, #]
    {0xf800, 0x9800, CLASS_LOAD, load_sp},               // ldr rt, [sp, #]
    // Addresses from pc and sp (A7.7.7, A7.7.5).
    {0xf8ff, 0xa800, CLASS_INTEGER, copies_sp},          // add rd, sp, #0
    {0xf000, 0xa000, CLASS_INTEGER, rd_middle},          // adr; add rd, sp, #
    // Miscellaneous (A5.2.5).
    {0xff00, 0xb000, CLASS_INTEGER, writes_sp},          // add, sub sp, #
    {0xf500, 0xb100, CLASS_BRANCH, compare_and_branch},  // cbz, cbnz
    {0xff00, 0xb200, CLASS_INTEGER, rd_low},             // sxth, sxtb, uxth, uxtb
    {0xfe00, 0xb400, CLASS_STORE, push},                 // push
    {0xffec, 0xb660, CLASS_SYSTEM, NULL},                // cpsie, cpsid
    {0xff80, 0xba00, CLASS_INTEGER, rd_low},             // rev, rev16
    {0xffc0, 0xbac0, CLASS_INTEGER, rd_low},             // revsh
    {0xfe00, 0xbc00, CLASS_LOAD, pop},                   // pop
    {0xff00, 0xbe00, CLASS_SYSTEM, NULL},                // bkpt
    {0xffff, 0xbf00, CLASS_INTEGER, NULL},               // nop
    {0xff0f, 0xbf00, CLASS_SYSTEM, NULL},                // yield, wfe, wfi, sev and other hints (A5.2.5)
    {0xff00, 0xbf00, CLASS_INTEGER, NULL},               // it
    // Load and store multiple (A7.7.159, A7.7.41).
    {0xf800, 0xc000, CLASS_STORE, store_multiple},       // stm
    {0xf800, 0xc800, CLASS_LOAD, load_multiple},         // ldm
    // Branches and exceptions (A5.2.6).
    {0xfe00, 0xde00, CLASS_SYSTEM, NULL},                // udf, svc
    {0xf000, 0xd000, CLASS_BRANCH, branch_conditional},  // b<c>
    {0xf800, 0xe000, CLASS_BRANCH, branch},              // b
};

const struct rules thumb16_rules = RULES(rows);
