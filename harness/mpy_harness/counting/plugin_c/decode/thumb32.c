// Thumb: 32-bit data processing, multiplication and branches (sections A5.3.1 to A5.3.4, A5.3.11 to A5.3.17).

#include "thumb.h"

static unsigned rd(uint32_t bits) {
    return field(bits, 11, 8);
}

static void writes_rd(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    writes(out, rd(bits));
}

// With rd 15 the result is thrown away: tst, teq, cmn, cmp.
static void writes_rd_or_compares(uint32_t bits, uint32_t address, struct insn *out) {
    (void)address;
    if (rd(bits) != PC) {
        writes(out, rd(bits));
    }
}

static void copies_wide(uint32_t bits, uint32_t address, struct insn *out) {
    writes_rd(bits, address, out);
    copies(out, rd(bits), field(bits, 3, 0));
}

static void writes_two(uint32_t bits, uint32_t address, struct insn *out) {
    writes_rd(bits, address, out);
    writes(out, field(bits, 15, 12));
}

// A pair of registers from an even one on, or with 15 for its upper half one register.
static void long_shift(uint32_t bits, uint32_t address, struct insn *out) {
    if (rd(bits) == PC) {
        writes(out, field(bits, 19, 16));
    } else {
        writes(out, field(bits, 19, 17) * 2);
        writes_rd(bits, address, out);
    }
}

static void loop_offset(uint32_t bits, uint32_t address, struct insn *out, bool backwards) {
    const uint32_t offset = field(bits, 10, 1) << 2 | field(bits, 11, 11) << 1;
    go_to(out, address + 4 + (backwards ? 0 - offset : offset));
}

static void loop_start(uint32_t bits, uint32_t address, struct insn *out) {
    loop_offset(bits, address, out, false);
    out->conditional = true;
    writes(out, LR);
}

// With bit 21 the loop has no count, and no end.
static void loop_end(uint32_t bits, uint32_t address, struct insn *out) {
    loop_offset(bits, address, out, true);
    if (!bit(bits, 21)) {
        out->conditional = true;
        writes(out, LR);
    }
}

static void writes_lr(uint32_t bits, uint32_t address, struct insn *out) {
    (void)bits;
    (void)address;
    writes(out, LR);
}

// imm25 of B (T4) and BL: I1 and I2 are the sign's exclusive nor with J1 and J2 (A7.7.12, A7.7.18).
static uint32_t far_target(uint32_t bits, uint32_t address) {
    const uint32_t sign = field(bits, 26, 26);
    const uint32_t i1 = !(bit(bits, 13) ^ sign);
    const uint32_t i2 = !(bit(bits, 11) ^ sign);
    const uint32_t offset =
        sign << 24 | i1 << 23 | i2 << 22 | field(bits, 25, 16) << 12 | field(bits, 10, 0) << 1;
    return address + 4 + (uint32_t)sign_extend(offset, 25);
}

static void branch(uint32_t bits, uint32_t address, struct insn *out) {
    go_to(out, far_target(bits, address));
}

static void call(uint32_t bits, uint32_t address, struct insn *out) {
    go_to(out, far_target(bits, address));
    out->flow = FLOW_CALL;
}

// imm21 of B (T3): J1 and J2 come the other way round and as they are (A7.7.12).
static void branch_conditional(uint32_t bits, uint32_t address, struct insn *out) {
    const uint32_t offset = field(bits, 26, 26) << 20 | field(bits, 11, 11) << 19 | field(bits, 13, 13) << 18 |
                            field(bits, 21, 16) << 12 | field(bits, 10, 0) << 1;
    go_to(out, address + 4 + (uint32_t)sign_extend(offset, 21));
    out->conditional = true;
}

static const struct rule rows[] = {
    // Data processing with a shifted register (A5.3.11); shifts of MVE (lsll, sqrshr and others), csel and its kin are
    // where orrs would have register 13 or 15 (Armv8.1-M, DDI0553 C2.4).
    {0xfff0010f, 0xea50010d, CLASS_DSP, long_shift},
    {0xfff0810f, 0xea50010f, CLASS_DSP, long_shift},
    {0xffeff0f0, 0xea4f0000, CLASS_INTEGER, copies_wide},           // mov.w rd, rm
    {0xfff0f000, 0xea508000, CLASS_INTEGER, writes_rd},             // csel
    {0xfff0f000, 0xea509000, CLASS_INTEGER, writes_rd},             // csinc
    {0xfff0e000, 0xea50a000, CLASS_INTEGER, writes_rd},             // csinv, csneg
    {0xffe08000, 0xea000000, CLASS_INTEGER, writes_rd_or_compares}, // and, tst
    {0xffe08000, 0xea200000, CLASS_INTEGER, writes_rd},             // bic
    {0xffe08000, 0xea400000, CLASS_INTEGER, writes_rd},             // orr, mov and shifts by a constant
    {0xffe08000, 0xea600000, CLASS_INTEGER, writes_rd},             // orn, mvn
    {0xffe08000, 0xea800000, CLASS_INTEGER, writes_rd_or_compares}, // eor, teq
    {0xfff08010, 0xeac00000, CLASS_DSP, writes_rd},                 // pkhbt, pkhtb
    {0xffe08000, 0xeb000000, CLASS_INTEGER, writes_rd_or_compares}, // add, cmn
    {0xffe08000, 0xeb400000, CLASS_INTEGER, writes_rd},             // adc
    {0xffe08000, 0xeb600000, CLASS_INTEGER, writes_rd},             // sbc
    {0xffe08000, 0xeba00000, CLASS_INTEGER, writes_rd_or_compares}, // sub, cmp
    {0xffe08000, 0xebc00000, CLASS_INTEGER, writes_rd},             // rsb
    // Data processing with a modified immediate (A5.3.1).
    {0xfbe08000, 0xf0000000, CLASS_INTEGER, writes_rd_or_compares}, // and, tst
    {0xfbe08000, 0xf0200000, CLASS_INTEGER, writes_rd},             // bic
    {0xfbe08000, 0xf0400000, CLASS_INTEGER, writes_rd},             // orr, mov
    {0xfbe08000, 0xf0600000, CLASS_INTEGER, writes_rd},             // orn, mvn
    {0xfbe08000, 0xf0800000, CLASS_INTEGER, writes_rd_or_compares}, // eor, teq
    {0xfbe08000, 0xf1000000, CLASS_INTEGER, writes_rd_or_compares}, // add, cmn
    {0xfbe08000, 0xf1400000, CLASS_INTEGER, writes_rd},             // adc
    {0xfbe08000, 0xf1600000, CLASS_INTEGER, writes_rd},             // sbc
    {0xfbe08000, 0xf1a00000, CLASS_INTEGER, writes_rd_or_compares}, // sub, cmp
    {0xfbe08000, 0xf1c00000, CLASS_INTEGER, writes_rd},             // rsb
    // Data processing with a plain immediate (A5.3.3).
    {0xfbf08000, 0xf2000000, CLASS_INTEGER, writes_rd},             // addw, adr
    {0xfbf08000, 0xf2400000, CLASS_INTEGER, writes_rd},             // movw
    {0xfbf08000, 0xf2a00000, CLASS_INTEGER, writes_rd},             // subw, adr
    {0xfbf08000, 0xf2c00000, CLASS_INTEGER, writes_rd},             // movt
    {0xffd08020, 0xf3000000, CLASS_DSP, writes_rd},                 // ssat, ssat16
    {0xfff08020, 0xf3400000, CLASS_INTEGER, writes_rd},             // sbfx
    {0xfff08020, 0xf3600000, CLASS_INTEGER, writes_rd},             // bfi, bfc
    {0xffd08020, 0xf3800000, CLASS_DSP, writes_rd},                 // usat, usat16
    {0xfff08020, 0xf3c00000, CLASS_INTEGER, writes_rd},             // ubfx
    // Low-overhead loops, and branch futures, which announce a branch (Armv8.1-M, DDI0553 C2.4: LE, WLS, DLS, BF).
    // Those that end in tp, and lctp, belong to MVE.
    {0xffcff001, 0xf00fc001, CLASS_BRANCH, loop_end},               // le, letp
    {0xffffffff, 0xf00fe001, CLASS_BRANCH, NULL},                   // lctp
    {0xffc0f001, 0xf000c001, CLASS_BRANCH, loop_start},             // wlstp
    {0xfff0f001, 0xf040c001, CLASS_BRANCH, loop_start},             // wls
    {0xffc0ffff, 0xf000e001, CLASS_BRANCH, writes_lr},              // dlstp
    {0xfff0ffff, 0xf040e001, CLASS_BRANCH, writes_lr},              // dls
    {0xffc0ffff, 0xf000e801, CLASS_VECTOR, NULL},                   // vctp, of MVE
    {0xf800d001, 0xf000c001, CLASS_BRANCH, NULL},                   // bf, bfx, bfl, bflx, bfcsel
    // Miscellaneous control (A5.3.4); these are where a condition of 14 or 15 would be.
    {0xffe0d000, 0xf3808000, CLASS_SYSTEM, NULL},                   // msr
    {0xffffffff, 0xf3af8000, CLASS_INTEGER, NULL},                  // nop.w
    {0xfff0d000, 0xf3a08000, CLASS_SYSTEM, NULL},                   // hints: yield.w, wfi.w, dbg
    {0xfff0d000, 0xf3b08000, CLASS_SYSTEM, NULL},                   // clrex, dsb, dmb, isb
    {0xffe0d000, 0xf3e08000, CLASS_SYSTEM, writes_rd},              // mrs
    {0xfff0f000, 0xf7f0a000, CLASS_SYSTEM, NULL},                   // udf.w
    {0xfb80d000, 0xf3808000, CLASS_UNKNOWN, NULL},
    {0xf800d000, 0xf0008000, CLASS_BRANCH, branch_conditional},     // b<c>.w
    {0xf800d000, 0xf0009000, CLASS_BRANCH, branch},                 // b.w
    {0xf800d000, 0xf000d000, CLASS_CALL, call},                     // bl
    // Data processing with registers (A5.3.12) and parallel additions (A5.3.13, A5.3.14).
    {0xff80f0f0, 0xfa00f000, CLASS_INTEGER, writes_rd},             // lsl, lsr, asr, ror by a register
    {0xffeff0c0, 0xfa0ff080, CLASS_INTEGER, writes_rd},             // sxth.w, uxth.w
    {0xffeff0c0, 0xfa4ff080, CLASS_INTEGER, writes_rd},             // sxtb.w, uxtb.w
    {0xffe0f0c0, 0xfa00f080, CLASS_DSP, writes_rd},                 // sxtah, uxtah
    {0xffe0f0c0, 0xfa20f080, CLASS_DSP, writes_rd},                 // sxtab16, sxtb16, uxtab16, uxtb16
    {0xffe0f0c0, 0xfa40f080, CLASS_DSP, writes_rd},                 // sxtab, uxtab
    {0xff80f080, 0xfa80f000, CLASS_DSP, writes_rd},                 // sadd8 to uhsub16
    {0xfff0f0c0, 0xfa80f080, CLASS_DSP, writes_rd},                 // qadd, qdadd, qsub, qdsub
    {0xfff0f0c0, 0xfa90f080, CLASS_INTEGER, writes_rd},             // rev.w, rev16.w, rbit, revsh.w
    {0xfff0f0f0, 0xfaa0f080, CLASS_DSP, writes_rd},                 // sel
    {0xfff0f0f0, 0xfab0f080, CLASS_INTEGER, writes_rd},             // clz
    // Multiplication (A5.3.16); the DSP extension's have halfwords, dual sums or rounding.
    {0xfff000e0, 0xfb000000, CLASS_MULTIPLY, writes_rd},            // mul, mla, mls
    {0xff8000c0, 0xfb000000, CLASS_DSP, writes_rd},                 // smlaxy, smulxy to smmlsr, usad8
    // Long multiplication and division (A5.3.17).
    {0xffd000f0, 0xfb800000, CLASS_MULTIPLY, writes_two},           // smull, umull
    {0xffd0f0f0, 0xfb90f0f0, CLASS_DIVIDE, writes_rd},              // sdiv, udiv
    {0xffd000f0, 0xfbc00000, CLASS_MULTIPLY, writes_two},           // smlal, umlal
    {0xfff000c0, 0xfbc00080, CLASS_DSP, writes_two},                // smlalxy
    {0xfff000e0, 0xfbc000c0, CLASS_DSP, writes_two},                // smlald
    {0xfff000e0, 0xfbd000c0, CLASS_DSP, writes_two},                // smlsld
    {0xfff000f0, 0xfbe00060, CLASS_DSP, writes_two},                // umaal
};

const struct rules thumb32_rules = RULES(rows);
