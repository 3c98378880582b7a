// Thumb: floating point and what else lies in the coprocessors' space (sections A5.3.18, A6.4 to A6.7).
//
// Coprocessor 10 is single precision, 11 double, 9 half (Armv8.1-M); bit 28 is set in what FPv5 added.

#include "thumb.h"

static unsigned base(uint32_t bits) {
    return field(bits, 19, 16);
}

static bool is_load(uint32_t bits) {
    return bit(bits, 20);
}

static void one(uint32_t bits, struct insn *out, unsigned words, unsigned scale) {
    const int32_t offset = (int32_t)(field(bits, 7, 0) * scale);
    out->words = (uint8_t)words;
    if (is_load(bits)) {
        loads_from(out, base(bits), bit(bits, 23) ? offset : -offset);
    }
}

static void half(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    one(bits, out, 1, 2);
}

static void single(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    one(bits, out, 1, 4);
}

static void twice(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    one(bits, out, 2, 4);
}

// imm8 counts words, and one too many in the obsolete FLDMX and FSTMX of double registers.
static void multiple(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    out->words = (uint8_t)(field(bits, 7, 0) & (bit(bits, 8) ? 0xfeu : 0xffu));
    if (bit(bits, 21)) {
        writes(out, base(bits));
    } else if (is_load(bits)) {
        loads_from(out, base(bits), 0);
    }
}

// S0 to S15, FPSCR and a word that is reserved or VPR, unless they need not be kept (DDI0553 C2.4: VLSTM, VLLDM).
static void lazy(uint32_t bits, uint32_t address, struct insn *out) {
    (void)bits;
    (void)address;
    out->words = 18;
}

static void vector(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    out->words = 4;
    if (bit(bits, 21)) {
        writes(out, base(bits));
    }
}

// How much is moved is up to the coprocessor.
static void of_coprocessor(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    out->words = 1;
    if (bit(bits, 21)) {
        writes(out, base(bits));
    }
}

static void system_register(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    const int32_t offset = (int32_t)field(bits, 6, 0) * 4;
    out->words = 1;
    if (bit(bits, 21)) {
        writes(out, base(bits));
    } else if (is_load(bits)) {
        loads_from(out, base(bits), bit(bits, 23) ? offset : -offset);
    }
}

// Sums and maxima over a vector, and counts of loops, end in core registers: any but sp and pc, for all it is known.
static void of_vectors(uint32_t bits, uint32_t address, struct insn *out) {
    (void)bits;
    (void)address;
    out->written = 0x5fff;
}

// To a core register with bit 20; register 15 stands for the flags (vmrs APSR_nzcv, fpscr).
static void to_core(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    if (bit(bits, 20) && field(bits, 15, 12) != PC) {
        writes(out, field(bits, 15, 12));
    }
}

static void to_core_pair(uint32_t bits, uint32_t address, struct insn *out) {
    to_core(bits, address, out);
    if (bit(bits, 20)) {
        writes(out, field(bits, 19, 16));
    }
}

static const struct rule rows[] = {
    // Armv8.1-M's vectors, MVE (DDI0553 C2.4): arithmetic, and in the space of coprocessors 14 and 15 what moves
    // two lanes and what loads and stores.
    {0xef000000, 0xef000000, CLASS_VECTOR, NULL},
    {0xffa01e00, 0xec000e00, CLASS_VECTOR, to_core_pair},     // vmov rt, rt2, qd[x], qd[y]
    {0xfe101f80, 0xec000f80, CLASS_STORE, system_register},   // vstr fpscr, vpr and the like
    {0xfe101f80, 0xec100f80, CLASS_LOAD, system_register},    // vldr fpscr, vpr and the like
    {0xee100e00, 0xec000e00, CLASS_STORE, vector},            // vstrb to vstrd, vst2, vst4
    {0xee100e00, 0xec100e00, CLASS_LOAD, vector},             // vldrb to vldrd, vld2, vld4
    // Loads and stores (A6.5); half precision, vscclrm, vlldm and vlstm are Armv8-M.
    {0xff300f00, 0xed000900, CLASS_STORE, half},              // vstr.16
    {0xff300f00, 0xed100900, CLASS_LOAD, half},               // vldr.16
    {0xff300f00, 0xed000a00, CLASS_STORE, single},            // vstr
    {0xff300f00, 0xed100a00, CLASS_LOAD, single},             // vldr
    {0xff300f00, 0xed000b00, CLASS_STORE, twice},             // vstr.64
    {0xff300f00, 0xed100b00, CLASS_LOAD, twice},              // vldr.64
    {0xffbf0e00, 0xec9f0a00, CLASS_FLOAT_MOVE, NULL},         // vscclrm
    {0xfff0ff7f, 0xec200a00, CLASS_STORE, lazy},              // vlstm
    {0xfff0ff7f, 0xec300a00, CLASS_LOAD, lazy},               // vlldm
    {0xff900e00, 0xec800a00, CLASS_STORE, multiple},          // vstm
    {0xff900e00, 0xec900a00, CLASS_LOAD, multiple},           // vldm, vpop
    {0xffb00e00, 0xed200a00, CLASS_STORE, multiple},          // vstmdb, vpush
    {0xffb00e00, 0xed300a00, CLASS_LOAD, multiple},           // vldmdb
    // Transfers of one and of two core registers (A6.6, A6.7).
    {0xffe00ed0, 0xec400a10, CLASS_FLOAT_MOVE, to_core_pair}, // vmov rt, rt2, dm
    {0xff000d10, 0xee000910, CLASS_FLOAT_MOVE, to_core},      // vmov.f16; vmov rt, dn[x]
    {0xff000f10, 0xee000a10, CLASS_FLOAT_MOVE, to_core},      // vmov rt, sn; vmrs, vmsr
    // Data processing (A6.4): three registers.
    {0xff000f00, 0xee000800, CLASS_UNKNOWN, NULL},            // coprocessor 8
    {0xffb00c10, 0xee000800, CLASS_FLOAT_FMA, NULL},          // vmla, vmls
    {0xffb00c10, 0xee100800, CLASS_FLOAT_FMA, NULL},          // vnmla, vnmls
    {0xffb00c10, 0xee200800, CLASS_FLOAT_MUL, NULL},          // vmul, vnmul
    {0xffb00c10, 0xee300800, CLASS_FLOAT_ADD, NULL},          // vadd, vsub
    {0xffb00c50, 0xee800800, CLASS_FLOAT_DIV, NULL},          // vdiv
    {0xffb00c10, 0xee900800, CLASS_FLOAT_FMA, NULL},          // vfnma, vfnms
    {0xffb00c10, 0xeea00800, CLASS_FLOAT_FMA, NULL},          // vfma, vfms
    // Two registers.
    {0xffb00c50, 0xeeb00800, CLASS_FLOAT_MOVE, NULL},         // vmov #
    {0xffbf0cd0, 0xeeb00840, CLASS_FLOAT_MOVE, NULL},         // vmov
    {0xffbf0cd0, 0xeeb008c0, CLASS_FLOAT_ADD, NULL},          // vabs
    {0xffbf0cd0, 0xeeb10840, CLASS_FLOAT_ADD, NULL},          // vneg
    {0xffbf0cd0, 0xeeb108c0, CLASS_FLOAT_SQRT, NULL},         // vsqrt
    {0xffbe0c50, 0xeeb20840, CLASS_FLOAT_CONVERT, NULL},      // vcvtb, vcvtt
    {0xffbe0c50, 0xeeb40840, CLASS_FLOAT_ADD, NULL},          // vcmp, vcmpe
    {0xffbe0c50, 0xeeb60840, CLASS_FLOAT_CONVERT, NULL},      // vrintr, vrintz, vrintx; vcvt of formats
    {0xffb80c50, 0xeeb80840, CLASS_FLOAT_CONVERT, NULL},      // vcvt of integers and fixed point
    // FPv5.
    {0xff000f00, 0xfe000800, CLASS_UNKNOWN, NULL},            // coprocessor 8
    {0xff800c50, 0xfe000800, CLASS_FLOAT_MOVE, NULL},         // vsel
    {0xffb00c10, 0xfe800800, CLASS_FLOAT_ADD, NULL},          // vmaxnm, vminnm
    {0xffbf0f50, 0xfeb00a40, CLASS_FLOAT_MOVE, NULL},         // vmovx, vins
    {0xffb80c50, 0xfeb80840, CLASS_FLOAT_CONVERT, NULL},      // vrinta to vrintm, vcvta to vcvtm
    // Other coprocessors (A5.3.18): which of them write a core register is up to the coprocessor.
    {0xefe00800, 0xec400000, CLASS_SYSTEM, to_core_pair},     // mcrr, mrrc
    {0xef000800, 0xee000000, CLASS_SYSTEM, to_core},          // cdp, mcr, mrc
    {0xee000800, 0xec000000, CLASS_SYSTEM, of_coprocessor},   // ldc, stc
    // What is left of coprocessors 8, 14 and 15 is arithmetic of MVE.
    {0xec000e00, 0xec000e00, CLASS_VECTOR, of_vectors},
    {0xec000f00, 0xec000800, CLASS_VECTOR, NULL},
};

const struct rules thumb32_float_rules = RULES(rows);
