// Xtensa: the floating-point coprocessor ("Floating-Point Coprocessor Option") with its steps of divisions and roots.

#include "xtensa.h"

// While the coprocessor is switched off for a task, its first instruction raises an exception and is repeated.
static void may_repeat(uint32_t bits, uint32_t address, struct insn *out) {
    (void)bits, (void)address;
    out->event = EVENT_MAY_END;
}

static void accesses(uint32_t bits, uint32_t address, struct insn *out) {
    may_repeat(bits, address, out);
    moves_word(out);
}

static const struct rule rows[] = {
    {0xef000f, 0x080000, CLASS_LOAD, accesses},            // lsx, lsxp
    {0xef000f, 0x480000, CLASS_STORE, accesses},           // ssx, ssxp
    {0x00700f, 0x000003, CLASS_LOAD, accesses},            // lsi, lsip
    {0x00700f, 0x004003, CLASS_STORE, accesses},           // ssi, ssip
    {0xef000f, 0x0a0000, CLASS_FLOAT_ADD, may_repeat},     // add.s, sub.s
    {0xff000f, 0x2a0000, CLASS_FLOAT_MUL, may_repeat},     // mul.s
    {0xef000f, 0x4a0000, CLASS_FLOAT_FMA, may_repeat},     // madd.s, msub.s
    {0xff000f, 0x6a0000, CLASS_FLOAT_FMA, may_repeat},     // maddn.s
    {0xff000f, 0x7a0000, CLASS_FLOAT_DIV, may_repeat},     // divn.s
    {0xcf000f, 0x8a0000, CLASS_FLOAT_CONVERT, may_repeat}, // round.s, trunc.s, floor.s, ceil.s
    {0xef000f, 0xca0000, CLASS_FLOAT_CONVERT, may_repeat}, // float.s, ufloat.s
    {0xff000f, 0xea0000, CLASS_FLOAT_CONVERT, may_repeat}, // utrunc.s
    {0xff00ff, 0xfa0000, CLASS_FLOAT_MOVE, may_repeat},    // mov.s
    {0xff00ff, 0xfa0010, CLASS_FLOAT_ADD, may_repeat},     // abs.s
    {0xff00ff, 0xfa0030, CLASS_FLOAT_MOVE, may_repeat},    // const.s
    {0xff00ef, 0xfa0040, CLASS_FLOAT_MOVE, may_repeat},    // rfr, wfr
    {0xff00ff, 0xfa0060, CLASS_FLOAT_ADD, may_repeat},     // neg.s
    {0xff00ff, 0xfa0070, CLASS_FLOAT_DIV, may_repeat},     // div0.s
    {0xff00ff, 0xfa0080, CLASS_FLOAT_DIV, may_repeat},     // recip0.s
    {0xff00ff, 0xfa0090, CLASS_FLOAT_SQRT, may_repeat},    // sqrt0.s
    {0xff00ff, 0xfa00a0, CLASS_FLOAT_SQRT, may_repeat},    // rsqrt0.s
    {0xff00ff, 0xfa00b0, CLASS_FLOAT_CONVERT, may_repeat}, // nexp01.s
    {0xff00ff, 0xfa00c0, CLASS_FLOAT_SQRT, may_repeat},    // mksadj.s
    {0xff00ff, 0xfa00d0, CLASS_FLOAT_DIV, may_repeat},     // mkdadj.s
    {0xff00ef, 0xfa00e0, CLASS_FLOAT_CONVERT, may_repeat}, // addexp.s, addexpm.s
    {0xff000f, 0x1b0000, CLASS_FLOAT_ADD, may_repeat},     // un.s
    {0xef000f, 0x2b0000, CLASS_FLOAT_ADD, may_repeat},     // oeq.s, ueq.s
    {0xcf000f, 0x4b0000, CLASS_FLOAT_ADD, may_repeat},     // olt.s, ult.s, ole.s, ule.s
    {0xcf000f, 0x8b0000, CLASS_FLOAT_MOVE, may_repeat},    // moveqz.s, movnez.s, movltz.s, movgez.s
    {0xef000f, 0xcb0000, CLASS_FLOAT_MOVE, may_repeat},    // movf.s, movt.s
    // What the ESP32 has besides for double precision, as the GNU tools know it.
    {0x0f000f, 0x0f0000, CLASS_FLOAT_ADD, NULL},           // f64cmph
    {0xff000f, 0xeb0000, CLASS_FLOAT_ADD, NULL},           // f64cmpl
    {0xff000f, 0xfb0000, CLASS_FLOAT_ADD, NULL},           // f64addc, f64subc
    {0x8f000f, 0x8e0000, CLASS_FLOAT_DIV, NULL},           // f64iter
    {0xcf000f, 0x4e0000, CLASS_FLOAT_CONVERT, NULL},       // f64rnd
    {0xef000f, 0x2e0000, CLASS_FLOAT_CONVERT, NULL},       // f64norm
    {0xff000f, 0x1e0000, CLASS_FLOAT_CONVERT, NULL},       // f64sexp
    {0xfff00f, 0x0ed000, CLASS_FLOAT_CONVERT, NULL},       // f64sig
    {0xfff00f, 0x0bc000, CLASS_FLOAT_MOVE, NULL},          // rf64r
    {0xffe00f, 0x0be000, CLASS_FLOAT_MOVE, NULL},          // wf64r
};

const struct rules xtensa_float_rules = RULES(rows);
