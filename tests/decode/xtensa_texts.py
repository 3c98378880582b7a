"""Xtensa instructions that cover what the decoder knows, by class; l32r is left to firmware, it needs aligned words.

Labels: ``1b`` is where a class begins and ``2f`` where it ends.
"""

from __future__ import annotations

TEXTS = {
    "integer": """
        and a2, a3, a4; or a2, a3, a4; xor a2, a3, a4; add a2, a3, a4; addx2 a2, a3, a4; addx4 a2, a3, a4
        addx8 a2, a3, a4; sub a2, a3, a4; subx2 a2, a3, a4; subx4 a2, a3, a4; subx8 a2, a3, a4; neg a2, a3; abs a2, a3
        addi a2, a3, -100; addmi a2, a3, 0x100; movi a2, -2000; movsp a2, a3; mov a2, a3; nop; entry a1, 32
        ssr a2; ssl a2; ssa8l a2; ssa8b a2; ssai 17; slli a2, a3, 20; srli a2, a3, 7; srai a2, a3, 20; src a2, a3, a4
        sll a2, a3; srl a2, a3; sra a2, a3; extui a2, a3, 20, 5; sext a2, a3, 15; clamps a2, a3, 7; min a2, a3, a4
        max a2, a3, a4; minu a2, a3, a4; maxu a2, a3, a4; nsa a2, a3; nsau a2, a3; moveqz a2, a3, a4; movnez a2, a3, a4
        movltz a2, a3, a4; movgez a2, a3, a4; movf a2, a3, b1; movt a2, a3, b1; andb b0, b1, b2; andbc b0, b1, b2
        orb b0, b1, b2; orbc b0, b1, b2; xorb b0, b1, b2; any4 b0, b4; all4 b0, b4; any8 b0, b8; all8 b0, b8
        add.n a2, a3, a4; addi.n a2, a3, 5; addi.n a2, a3, -1; mov.n a2, a3; movi.n a2, 95; movi.n a2, -32; nop.n""",
    "multiply": "mull a2, a3, a4; mul16u a2, a3, a4; mul16s a2, a3, a4; muluh a2, a3, a4; mulsh a2, a3, a4",
    "divide": "quou a2, a3, a4; quos a2, a3, a4; remu a2, a3, a4; rems a2, a3, a4",
    "load": """
        l8ui a2, a3, 255; l16ui a2, a3, 510; l16si a2, a3, 2; l32i a2, a3, 1020; l32ai a2, a3, 4; l32e a2, a3, -16
        l32i.n a2, a3, 60; lsi f0, a3, 8; lsip f0, a3, 8; lsx f0, a3, a4; lsxp f0, a3, a4; ldinc m0, a3
        lddec m1, a3""",
    "store": """
        s8i a2, a3, 255; s16i a2, a3, 510; s32i a2, a3, 1020; s32ri a2, a3, 4; s32e a2, a3, -16; s32c1i a2, a3, 8
        s32i.n a2, a3, 60; ssi f0, a3, 8; ssip f0, a3, 8; ssx f0, a3, a4; ssxp f0, a3, a4""",
    "branch": """
        j 1b; j 2f; jx a2; beqz a2, 1b; bnez a2, 2f; bltz a2, 1b; bgez a2, 2f; beqi a2, 4, 2f; bnei a2, -1, 2f
        blti a2, 4, 2f; bgei a2, 4, 2f; bltui a2, 4, 2f; bgeui a2, 4, 2f; bf b0, 2f; bt b0, 2f; bnone a2, a3, 2f
        beq a2, a3, 1b; blt a2, a3, 1b; bltu a2, a3, 1b; ball a2, a3, 2f; bbc a2, a3, 2f; bbci a2, 20, 2f
        bany a2, a3, 2f; bne a2, a3, 2f; bge a2, a3, 2f; bgeu a2, a3, 2f; bnall a2, a3, 2f; bbs a2, a3, 2f
        bbsi a2, 5, 2f; loop a2, 2f + 9; loopnez a2, 2f; loopgtz a2, 2f; beqz.n a2, 2f + 8; bnez.n a2, 2f + 32""",
    "call": "call0 0x1000; call4 0x1000; call8 0x1000; call12 0x1000; callx0 a2; callx4 a2; callx8 a2; callx12 a2",
    "return": "ret; retw; ret.n; retw.n",
    "dsp": """
        umul.aa.ll a2, a3; mul.aa.hl a2, a3; mul.ad.lh a2, m2; mul.da.hh m0, a3; mul.dd.ll m0, m2; mula.aa.ll a2, a3
        mula.dd.hh m0, m2; muls.aa.hh a2, a3; muls.ad.ll a2, m2; mula.da.ll.ldinc m0, a3, m1, a4
        mula.dd.lh.lddec m0, a3, m1, m2""",
    "system": """
        ill; ill.n; isync; rsync; esync; dsync; excw; memw; extw; rfe; rfde; rfwo; rfwu; rfi 3; break 1, 2; break.n 1
        syscall; simcall; rsil a2, 3; waiti 0; rer a2, a3; wer a2, a3; rotw 1; rsr.ps a2; wsr.ps a2; xsr.epc1 a2
        rsr.ccount a2; rur.threadptr a2; wur.threadptr a2; witlb a2, a3; pdtlb a2, a3; idtlb a2; ritlb1 a2, a3""",
    "float add": """
        add.s f0, f1, f2; sub.s f0, f1, f2; abs.s f0, f1; neg.s f0, f1; un.s b0, f1, f2; oeq.s b0, f1, f2
        ueq.s b0, f1, f2; olt.s b0, f1, f2; ult.s b0, f1, f2; ole.s b0, f1, f2; ule.s b0, f1, f2""",
    "float multiply": "mul.s f0, f1, f2",
    "float multiply-add": "madd.s f0, f1, f2; msub.s f0, f1, f2; maddn.s f0, f1, f2",
    "float divide": "divn.s f0, f1, f2; div0.s f0, f1; recip0.s f0, f1; mkdadj.s f0, f1",
    "float square root": "sqrt0.s f0, f1; rsqrt0.s f0, f1; mksadj.s f0, f1",
    "float convert": """
        round.s a2, f1, 0; trunc.s a2, f1, 3; floor.s a2, f1, 0; ceil.s a2, f1, 0; float.s f0, a2, 0; ufloat.s f0, a2, 1
        utrunc.s a2, f1, 0; nexp01.s f0, f1; addexp.s f0, f1; addexpm.s f0, f1""",
    "float move": """
        mov.s f0, f1; const.s f0, 3; rfr a2, f1; wfr f0, a2; moveqz.s f0, f1, a2; movnez.s f0, f1, a2
        movltz.s f0, f1, a2; movgez.s f0, f1, a2; movf.s f0, f1, b0; movt.s f0, f1, b0; rur.fcr a2; wur.fsr a2""",
}
