// Thumb: 32-bit loads and stores of core registers (sections A5.3.5 to A5.3.10).

#include "thumb.h"

static unsigned base(uint32_t bits) {
    return field(bits, 19, 16);
}

static unsigned rt(uint32_t bits) {
    return field(bits, 15, 12);
}

static bool is_load(uint32_t bits) {
    return bit(bits, 20);
}

// One register: [rn, #imm12], [rn, #-imm8], indexed before or after, [rn, rm, lsl #], or a literal (A5.3.7 to A5.3.10).
static void single(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    const bool literal = base(bits) == PC;
    const bool offset_is_wide = literal || bit(bits, 23);
    const bool upwards = bit(bits, offset_is_wide ? 23 : 9);
    const int32_t size = (int32_t)(offset_is_wide ? field(bits, 11, 0) : field(bits, 7, 0));
    const bool by_register = !offset_is_wide && !bit(bits, 11);
    const bool writeback = !offset_is_wide && bit(bits, 11) && bit(bits, 8);
    if (by_register && field(bits, 10, 6)) {
        out->class_ = CLASS_UNKNOWN;
        return;
    }
    out->words = 1;
    if (writeback) {
        writes(out, base(bits));
    }
    if (!is_load(bits)) {
        return;
    }
    writes(out, rt(bits));
    if (!by_register && !writeback) {
        loads_from(out, base(bits), upwards ? size : -size);
    }
    if (rt(bits) == PC) {
        jump_to_loaded(out, writeback && base(bits) == SP);
    }
}

// Two registers; the base is written back with bit 21 (A7.7.50, A7.7.163).
static void dual(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    const int32_t offset = (int32_t)field(bits, 7, 0) * 4;
    out->words = 2;
    if (bit(bits, 21)) {
        writes(out, base(bits));
    } else if (is_load(bits)) {
        loads_from(out, base(bits), bit(bits, 23) ? offset : -offset);
    }
    if (is_load(bits)) {
        writes(out, rt(bits));
        writes(out, field(bits, 11, 8));
    }
}

static void load_exclusive(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    out->words = 1;
    writes(out, rt(bits));
    loads_from(out, base(bits), (int32_t)field(bits, 7, 0) * 4);
}

static void load_ordered(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    out->words = 1;
    writes(out, rt(bits));
    loads_from(out, base(bits), 0);
}

static void store_ordered(uint32_t bits, uint32_t address, struct insn *out) {
    (void)bits;
    (void)address;
    out->words = 1;
}

// strex with an offset has its result in 11 to 8, the others in 3 to 0.
static void store_exclusive(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    out->words = 1;
    writes(out, bit(bits, 23) ? field(bits, 3, 0) : field(bits, 11, 8));
}

static void test_target(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    writes(out, field(bits, 11, 8));
}

static void table_branch(uint32_t bits, uint32_t address, struct insn *out) {
    (void)bits;
    (void)address;
    out->flow = FLOW_JUMP;
    out->words = 1;
}

static void clear_registers(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    out->written = (uint16_t)(bits & 0x5fff);
}

// ldm, stm and their decrement-before forms (A5.3.5).
static void multiple(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    const uint32_t list = field(bits, 15, 0);
    out->words = ones(list);
    if (bit(bits, 21)) {
        writes(out, base(bits));
    } else if (is_load(bits)) {
        loads_from(out, base(bits), bit(bits, 24) ? -4 * (int32_t)out->words : 0);
    }
    if (is_load(bits)) {
        out->written |= (uint16_t)list;
        if (bit(list, PC)) {
            jump_to_loaded(out, bit(bits, 21) && base(bits) == SP);
        }
    }
}

static const struct rule rows[] = {
    // Multiple registers (A5.3.5); sg and clrm are Armv8-M.
    {0xffffffff, 0xe97fe97f, CLASS_SYSTEM, NULL},           // sg
    {0xffff2000, 0xe89f0000, CLASS_INTEGER, clear_registers}, // clrm
    {0xffd02000, 0xe8800000, CLASS_STORE, multiple},        // stm.w
    {0xffd02000, 0xe8900000, CLASS_LOAD, multiple},         // ldm.w, pop.w
    {0xffd02000, 0xe9000000, CLASS_STORE, multiple},        // stmdb, push.w
    {0xffd02000, 0xe9100000, CLASS_LOAD, multiple},         // ldmdb
    // Dual, exclusive and ordered, table branches (A5.3.6); tt, ldaex, stlex, lda and stl are Armv8-M.
    {0xfff0f03f, 0xe840f000, CLASS_SYSTEM, test_target},    // tt, ttt, tta, ttat
    {0xfff00000, 0xe8400000, CLASS_STORE, store_exclusive}, // strex
    {0xfff00f00, 0xe8500f00, CLASS_LOAD, load_exclusive},   // ldrex
    {0xfff0ffe0, 0xe8d0f000, CLASS_BRANCH, table_branch},   // tbb, tbh
    {0xfff00fe0, 0xe8c00f40, CLASS_STORE, store_exclusive}, // strexb, strexh
    {0xfff00fc0, 0xe8c00f80, CLASS_STORE, store_ordered},   // stlb, stlh, stl
    {0xfff00fc0, 0xe8c00fc0, CLASS_STORE, store_exclusive}, // stlexb, stlexh, stlex
    {0xfff00fef, 0xe8d00f4f, CLASS_LOAD, load_ordered},     // ldrexb, ldrexh
    {0xfff00f8f, 0xe8d00f8f, CLASS_LOAD, load_ordered},     // ldab, ldah, lda, ldaexb, ldaexh, ldaex
    {0xff700000, 0xe8600000, CLASS_STORE, dual},            // strd, indexed after
    {0xff700000, 0xe8700000, CLASS_LOAD, dual},             // ldrd, indexed after
    {0xff500000, 0xe9400000, CLASS_STORE, dual},            // strd
    {0xff500000, 0xe9500000, CLASS_LOAD, dual},             // ldrd
    // Bytes and halfwords into register 15 are hints: pld, pli, unallocated ones (A5.3.8, A5.3.9).
    {0xfe50f000, 0xf810f000, CLASS_SYSTEM, NULL},
    // Single registers (A5.3.7 to A5.3.10).
    {0xff700000, 0xf8000000, CLASS_STORE, single},          // strb
    {0xff700000, 0xf8200000, CLASS_STORE, single},          // strh
    {0xff700000, 0xf8400000, CLASS_STORE, single},          // str.w
    {0xfe700000, 0xf8100000, CLASS_LOAD, single},           // ldrb, ldrsb
    {0xfe700000, 0xf8300000, CLASS_LOAD, single},           // ldrh, ldrsh
    {0xff700000, 0xf8500000, CLASS_LOAD, single},           // ldr.w
};

const struct rules thumb32_memory_rules = RULES(rows);
