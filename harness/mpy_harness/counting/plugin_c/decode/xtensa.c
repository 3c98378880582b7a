// Xtensa: instructions of three bytes of the core, its loops, windows, multiplies, booleans, MAC16 and exceptions.

#include "xtensa.h"

// Of registers that are in the window in any case, because an exception would repeat a mark.
static void mark(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    static const struct {
        uint32_t bits;
        enum mark mark;
    } marks[] = {
        {0x433330, MARK_ZERO},  // min a3, a3, a3
        {0x533330, MARK_ONE},   // max a3, a3, a3
        {0x202220, MARK_START}, // or a2, a2, a2
        {0x102220, MARK_STOP},  // and a2, a2, a2
        {0x203330, MARK_PAUSE}, // or a3, a3, a3
        {0x103330, MARK_RESUME}, // and a3, a3, a3
    };
    for (size_t at = 0; at < sizeof marks / sizeof *marks; at++) {
        if (marks[at].bits == bits) {
            out->mark = (uint8_t)marks[at].mark;
        }
    }
}

static void move_stack(uint32_t bits, uint32_t address, struct insn *out) {
    (void)bits, (void)address;
    out->event = EVENT_MAY_REPEAT; // an exception where the caller's frame is not in registers ("MOVSP")
}

static void returns_by_register(uint32_t bits, uint32_t address, struct insn *out) {
    (void)bits, (void)address;
    returns(out);
}

static void jump_register(uint32_t bits, uint32_t address, struct insn *out) {
    (void)bits, (void)address;
    out->flow = FLOW_JUMP;
}

static void call_register(uint32_t bits, uint32_t address, struct insn *out) {
    (void)bits, (void)address;
    out->flow = FLOW_CALL;
}

static void call(uint32_t bits, uint32_t address, struct insn *out) {
    go_to(out, (address & ~3u) + 4 * (uint32_t)sign_extend(field(bits, 23, 6), 18) + 4);
    out->flow = FLOW_CALL;
}

static void jump(uint32_t bits, uint32_t address, struct insn *out) {
    go_to(out, address + 4 + (uint32_t)sign_extend(field(bits, 23, 6), 18));
}

static void branch_12(uint32_t bits, uint32_t address, struct insn *out) {
    branches(out, address + 4 + (uint32_t)sign_extend(field(bits, 23, 12), 12));
}

static void branch_8(uint32_t bits, uint32_t address, struct insn *out) {
    branches(out, address + 4 + (uint32_t)sign_extend(field(bits, 23, 16), 8));
}

// loopnez and loopgtz may skip the loop; loop is a branch that is never taken.
static void loop(uint32_t bits, uint32_t address, struct insn *out) {
    branches(out, address + 4 + field(bits, 23, 16));
}

static void accesses(uint32_t bits, uint32_t address, struct insn *out) {
    (void)bits, (void)address;
    moves_word(out);
}

static void returns_from_window(uint32_t bits, uint32_t address, struct insn *out) {
    (void)bits, (void)address;
    out->flow = FLOW_RETURN;
    out->event = EVENT_WINDOW_RETURN;
}

static void returns_from_exception(uint32_t bits, uint32_t address, struct insn *out) {
    (void)bits, (void)address;
    out->flow = FLOW_RETURN;
    out->event = EVENT_RETURN;
}

static void waits(uint32_t bits, uint32_t address, struct insn *out) {
    (void)bits, (void)address;
    out->event = EVENT_WAIT;
}

static const struct rule rows[] = {
    // "ST0": jumps, calls, synchronisation, exceptions.
    {0xffffff, 0x000000, CLASS_SYSTEM, NULL},                     // ill
    {0xfff0ff, 0x000080, CLASS_RETURN, returns_by_register},      // ret
    {0xfff0ff, 0x000090, CLASS_RETURN, returns_by_register},      // retw
    {0xfff0ff, 0x0000a0, CLASS_BRANCH, jump_register},            // jx
    {0xfff0cf, 0x0000c0, CLASS_CALL, call_register},              // callx0, callx4, callx8, callx12
    {0xfff00f, 0x001000, CLASS_INTEGER, move_stack},              // movsp
    {0xffffcf, 0x002000, CLASS_SYSTEM, NULL},                     // isync, rsync, esync, dsync
    {0xffffff, 0x002080, CLASS_SYSTEM, NULL},                     // excw
    {0xffffef, 0x0020c0, CLASS_SYSTEM, NULL},                     // memw, extw
    {0xffffff, 0x0020f0, CLASS_INTEGER, NULL},                    // nop
    {0xffffff, 0x003000, CLASS_SYSTEM, returns_from_exception},   // rfe
    {0xffffff, 0x003200, CLASS_SYSTEM, returns_from_exception},   // rfde
    {0xfffeff, 0x003400, CLASS_SYSTEM, returns_from_window},      // rfwo, rfwu
    {0xfff0ff, 0x003010, CLASS_SYSTEM, returns_from_exception},   // rfi
    {0xffffff, 0x003020, CLASS_SYSTEM, returns_from_exception},   // rfme
    {0xfff00f, 0x004000, CLASS_SYSTEM, NULL},                     // break
    {0xfffeff, 0x005000, CLASS_SYSTEM, NULL},                     // syscall, simcall
    {0xfff00f, 0x006000, CLASS_SYSTEM, NULL},                     // rsil
    {0xfff0ff, 0x007000, CLASS_SYSTEM, waits},                    // waiti
    {0xffc00f, 0x008000, CLASS_INTEGER, NULL},                    // any4, all4, any8, all8
    // "RST0": logic, additions.
    {0xff000f, 0x100000, CLASS_INTEGER, mark},                    // and
    {0xff000f, 0x200000, CLASS_INTEGER, mark},                     // or
    {0xff000f, 0x300000, CLASS_INTEGER, NULL},                    // xor
    {0xffe0ff, 0x400000, CLASS_INTEGER, NULL},                    // ssr, ssl
    {0xffe0ff, 0x402000, CLASS_INTEGER, NULL},                    // ssa8l, ssa8b
    {0xfff0ef, 0x404000, CLASS_INTEGER, NULL},                    // ssai
    {0xffe00f, 0x406000, CLASS_SYSTEM, NULL},                     // rer, wer
    {0xffff0f, 0x408000, CLASS_SYSTEM, NULL},                     // rotw
    {0xffe00f, 0x40e000, CLASS_INTEGER, NULL},                    // nsa, nsau
    {0xff700f, 0x503000, CLASS_SYSTEM, NULL},                     // ritlb0, rdtlb0
    {0xff70ff, 0x504000, CLASS_SYSTEM, NULL},                     // iitlb, idtlb
    {0xff700f, 0x505000, CLASS_SYSTEM, NULL},                     // pitlb, pdtlb
    {0xff600f, 0x506000, CLASS_SYSTEM, NULL},                     // witlb, ritlb1
    {0xff600f, 0x50e000, CLASS_SYSTEM, NULL},                     // wdtlb, rdtlb1
    {0xff0e0f, 0x600000, CLASS_INTEGER, NULL},                    // neg, abs
    {0xcf000f, 0x800000, CLASS_INTEGER, NULL},                    // add, addx2, addx4, addx8
    {0xcf000f, 0xc00000, CLASS_INTEGER, NULL},                    // sub, subx2, subx4, subx8
    // "RST1": shifts, 16-bit multiplies.
    {0xcf000f, 0x010000, CLASS_INTEGER, NULL},                    // slli, srai
    {0xff000f, 0x410000, CLASS_INTEGER, NULL},                    // srli
    {0xff000f, 0x610000, CLASS_SYSTEM, NULL},                     // xsr
    {0xff000f, 0x810000, CLASS_INTEGER, NULL},                    // src
    {0xff0f0f, 0x910000, CLASS_INTEGER, NULL},                    // srl
    {0xff00ff, 0xa10000, CLASS_INTEGER, NULL},                    // sll
    {0xff0f0f, 0xb10000, CLASS_INTEGER, NULL},                    // sra
    {0xef000f, 0xc10000, CLASS_MULTIPLY, NULL},                   // mul16u, mul16s
    {0xffc00f, 0xf10000, CLASS_SYSTEM, NULL},                     // lict, sict, licw, sicw
    {0xffe00f, 0xf18000, CLASS_SYSTEM, NULL},                     // ldct, sdct
    {0xfff0ff, 0xf1e000, CLASS_SYSTEM, returns_from_exception},   // rfdo
    {0xfff0ff, 0xf1e010, CLASS_SYSTEM, returns_from_exception},   // rfdd
    // "RST2": booleans, 32-bit multiplies, divides.
    {0xcf000f, 0x020000, CLASS_INTEGER, NULL},                    // andb, andbc, orb, orbc
    {0xff000f, 0x420000, CLASS_INTEGER, NULL},                    // xorb
    {0xef000f, 0x620000, CLASS_INTEGER, NULL},                    // saltu, salt
    {0xff000f, 0x820000, CLASS_MULTIPLY, NULL},                   // mull
    {0xef000f, 0xa20000, CLASS_MULTIPLY, NULL},                   // muluh, mulsh
    {0xcf000f, 0xc20000, CLASS_DIVIDE, NULL},                     // quou, quos, remu, rems
    // "RST3": special registers, miscellaneous, conditional moves; user registers 232 and 233 are fcr and fsr.
    {0xef000f, 0x030000, CLASS_SYSTEM, NULL},                     // rsr, wsr
    {0xef000f, 0x230000, CLASS_INTEGER, NULL},                    // sext, clamps
    {0xcf000f, 0x430000, CLASS_INTEGER, mark},                    // min, max, minu, maxu
    {0xcf000f, 0x830000, CLASS_INTEGER, NULL},                    // moveqz, movnez, movltz, movgez
    {0xef000f, 0xc30000, CLASS_INTEGER, NULL},                    // movf, movt
    {0xff0fef, 0xe30e80, CLASS_FLOAT_MOVE, NULL},                 // rur fcr, fsr
    {0xfffe0f, 0xf3e800, CLASS_FLOAT_MOVE, NULL},                 // wur fcr, fsr
    {0xef000f, 0xe30000, CLASS_SYSTEM, NULL},                     // rur, wur
    {0x0e000f, 0x040000, CLASS_INTEGER, NULL},                    // extui
    {0xff000f, 0x090000, CLASS_LOAD, accesses},                   // l32e
    {0xef000f, 0x490000, CLASS_STORE, accesses},                  // s32e, s32nb
    {0xffc00f, 0x0e0000, CLASS_SYSTEM, NULL},                     // the ESP32's own state
    {0xfff0ef, 0x0070e0, CLASS_SYSTEM, NULL},                     // lddr32.p, sddr32.p
    // Loads and stores with an offset, immediates, cache.
    {0x00000f, 0x000001, CLASS_LOAD, accesses},                   // l32r
    {0x00e00f, 0x000002, CLASS_LOAD, accesses},                   // l8ui, l16ui
    {0x00f00f, 0x002002, CLASS_LOAD, accesses},                   // l32i
    {0x00e00f, 0x004002, CLASS_STORE, accesses},                  // s8i, s16i
    {0x00f00f, 0x006002, CLASS_STORE, accesses},                  // s32i
    {0x00f00f, 0x007002, CLASS_SYSTEM, NULL},                     // dpfr and the other operations on caches
    {0x00f00f, 0x009002, CLASS_LOAD, accesses},                   // l16si
    {0x00f00f, 0x00a002, CLASS_INTEGER, NULL},                    // movi
    {0x00f00f, 0x00b002, CLASS_LOAD, accesses},                   // l32ai
    {0x00e00f, 0x00c002, CLASS_INTEGER, NULL},                    // addi, addmi (addmi is r = 13)
    {0x00e00f, 0x00e002, CLASS_STORE, accesses},                  // s32c1i, s32ri
    // Calls, jumps, branches, loops.
    {0x00000f, 0x000005, CLASS_CALL, call},                       // call0, call4, call8, call12
    {0x00003f, 0x000006, CLASS_BRANCH, jump},                     // j
    {0x00003f, 0x000016, CLASS_BRANCH, branch_12},                // beqz, bnez, bltz, bgez
    {0x00003f, 0x000026, CLASS_BRANCH, branch_8},                 // beqi, bnei, blti, bgei
    {0x0000ff, 0x000036, CLASS_INTEGER, NULL},                    // entry
    {0x00e0ff, 0x000076, CLASS_BRANCH, branch_8},                 // bf, bt
    {0x00f0ff, 0x008076, CLASS_BRANCH, loop},                     // loop
    {0x00f0ff, 0x009076, CLASS_BRANCH, loop},                     // loopnez
    {0x00f0ff, 0x00a076, CLASS_BRANCH, loop},                     // loopgtz
    {0x0000bf, 0x0000b6, CLASS_BRANCH, branch_8},                 // bltui, bgeui
    {0x00000f, 0x000007, CLASS_BRANCH, branch_8},                 // bnone, beq, blt, bltu, ball, bbc, bbci, bany to bbsi
};

const struct rules xtensa_rules = RULES(rows);

// MAC16 ("MAC16 Option"): op2 says where the factors are and whether a word is loaded besides, op1 what becomes of the
// product: umul, mul, mula, muls of halves.
static bool is_mac16(uint32_t bits, struct insn *out) {
    static const uint8_t products[16] = {4, 4, 14, 14, 4, 4, 14, 15}; // of op2, bits by op1 / 4
    const unsigned op1 = field(bits, 19, 16), op2 = field(bits, 23, 20);
    if (op0(bits) != 4) {
        return false;
    }
    const bool loads_only = (op2 == 8 || op2 == 9) && op1 == 0;
    if (loads_only || products[op2] >> op1 / 4 & 1) {
        out->class_ = loads_only ? CLASS_LOAD : CLASS_DSP;
        out->words = loads_only || products[op2] == 4;
    }
    return true;
}

void decode_xtensa(const uint8_t *bytes, uint32_t address, struct decode_state *state, struct insn *out) {
    (void)state;
    const uint32_t first = halfword(bytes);
    if (op0(first) >= 8 && op0(first) < 14) {
        insn_clear(out, 2);
        (void)rules_apply(&xtensa_narrow_rules, first, address, out);
        return;
    }
    insn_clear(out, op0(first) < 8 ? 3 : 4);
    const uint32_t bits = first | (uint32_t)bytes[2] << 16;
    if (op0(first) < 8 && !is_mac16(bits, out) && !rules_apply(&xtensa_float_rules, bits, address, out)) {
        (void)rules_apply(&xtensa_rules, bits, address, out);
    }
}
