// Xtensa: instructions of two bytes ("Code Density Option").

#include "xtensa.h"

static void accesses(uint32_t bits, uint32_t address, struct insn *out) {
    (void)bits, (void)address;
    moves_word(out);
}

static void branch_narrow(uint32_t bits, uint32_t address, struct insn *out) {
    branches(out, address + 4 + (field(bits, 5, 4) << 4 | reg_r(bits)));
}

static void returns_narrow(uint32_t bits, uint32_t address, struct insn *out) {
    (void)bits, (void)address;
    returns(out);
}

static const struct rule rows[] = {
    {0x000f, 0x0008, CLASS_LOAD, accesses},          // l32i.n
    {0x000f, 0x0009, CLASS_STORE, accesses},         // s32i.n
    {0x000e, 0x000a, CLASS_INTEGER, NULL},           // add.n, addi.n
    {0x008f, 0x000c, CLASS_INTEGER, NULL},           // movi.n
    {0x008f, 0x008c, CLASS_BRANCH, branch_narrow},   // beqz.n, bnez.n
    {0xf00f, 0x000d, CLASS_INTEGER, NULL},           // mov.n
    {0xf0ef, 0xf00d, CLASS_RETURN, returns_narrow},  // ret.n, retw.n
    {0xf0ff, 0xf02d, CLASS_SYSTEM, NULL},            // break.n
    {0xffff, 0xf03d, CLASS_INTEGER, NULL},           // nop.n
    {0xffff, 0xf06d, CLASS_SYSTEM, NULL},            // ill.n
};

const struct rules xtensa_narrow_rules = RULES(rows);
