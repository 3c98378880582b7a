"""RISC-V instructions that cover what the decoder knows, by class.

Labels: ``1b`` is where a class begins and ``2f`` where it ends.
"""

from __future__ import annotations

WIDE = {
    "integer": """
        lui a0, 0x12345; auipc a0, 0x12345; addi a0, a1, 1; addi a0, a1, 0; addi a0, x0, 0; addi x0, x0, 0
        addi x20, x21, 0; slti a0, a1, 1; sltiu a0, a1, 1; xori a0, a1, 1; ori a0, a1, 1; andi a0, a1, 1
        slli a0, a1, 3; srli a0, a1, 3; srai a0, a1, 3; add a0, a1, a2; sub a0, a1, a2; sll a0, a1, a2
        slt a0, a1, a2; sltu a0, a1, a2; xor a0, a1, a2; srl a0, a1, a2; sra a0, a1, a2; or a0, a1, a2
        and a0, a1, a2; sh1add a0, a1, a2; sh2add a0, a1, a2; sh3add a0, a1, a2; xnor a0, a1, a2; orn a0, a1, a2
        andn a0, a1, a2; min a0, a1, a2; minu a0, a1, a2; max a0, a1, a2; maxu a0, a1, a2; rol a0, a1, a2
        ror a0, a1, a2; rori a0, a1, 3; clz a0, a1; ctz a0, a1; cpop a0, a1; sext.b a0, a1; sext.h a0, a1
        zext.h a0, a1; orc.b a0, a1; rev8 a0, a1; bset a0, a1, a2; bseti a0, a1, 3; bclr a0, a1, a2
        bclri a0, a1, 3; binv a0, a1, a2; binvi a0, a1, 3; bext a0, a1, a2; bexti a0, a1, 3""",
    "multiply": "mul a0, a1, a2; mulh a0, a1, a2; mulhsu a0, a1, a2; mulhu a0, a1, a2",
    "divide": "div a0, a1, a2; divu a0, a1, a2; rem a0, a1, a2; remu a0, a1, a2",
    "load": """
        lb a0, -5(a1); lbu a0, 5(a1); lh a0, 6(a1); lhu a0, 6(a1); lw a0, 2047(a1); lw a0, -2048(x20)
        lw x20, 4(sp); flw fa0, 4(a1); fld fa0, -8(a1); lr.w a0, (a1); lr.w.aqrl a0, (a1)""",
    "store": """
        sb a0, -5(a1); sh a0, 6(a1); sw a0, 8(a1); fsw fa0, 4(a1); fsd fa0, -8(a1); sc.w a0, a1, (a2)
        sc.w.rl a0, a1, (a2); amoswap.w a0, a1, (a2); amoadd.w a0, a1, (a2); amoxor.w.aq a0, a1, (a2)
        amoand.w a0, a1, (a2); amoor.w a0, a1, (a2); amomin.w a0, a1, (a2); amomax.w a0, a1, (a2)
        amominu.w a0, a1, (a2); amomaxu.w a0, a1, (a2)""",
    "branch": """
        j 1b; j 2f; jal x0, 1b; jal x7, 2f; jr a0; jalr x0, 8(a0); jalr x7, 8(a0); beq a0, a1, 1b; bne a0, a1, 2f
        blt a0, a1, 1b; bge a0, a1, 2f; bltu a0, a1, 1b; bgeu a0, a1, 2f; beqz a0, 1b + 0xf00""",
    "call": """
        jal ra, 1b; jal ra, 1b + 0x80000; jal ra, 1b - 0x80000; jal t0, 2f; jalr ra, 8(a0); jalr t0, 0(t0)
        jalr ra, 0(ra)""",
    "return": "ret; jalr x0, 0(ra); jr t0; jalr x0, 8(ra)",
    "system": """
        ecall; ebreak; fence; fence rw, w; fence.i; wfi; mret; sret; sfence.vma; csrrw a0, mstatus, a1
        csrrs a0, mstatus, x0; csrrc x0, mstatus, a1; csrrwi a0, mstatus, 3; csrrsi a0, mstatus, 3
        csrrci a0, mstatus, 3; frflags a0; rdcycle a0; unimp
        csrrs t0, mepc, x0; csrrw t0, mepc, a1""",
    "float add": """
        fadd.s fa0, fa1, fa2; fsub.s fa0, fa1, fa2; fmin.s fa0, fa1, fa2; fmax.s fa0, fa1, fa2; feq.s a0, fa1, fa2
        flt.s a0, fa1, fa2; fle.s a0, fa1, fa2; fclass.s a0, fa1; fneg.s fa0, fa1; fabs.s fa0, fa1
        fsgnj.s fa0, fa1, fa2; fadd.d fa0, fa1, fa2, rtz; fsub.d fa0, fa1, fa2; fmin.d fa0, fa1, fa2
        fle.d a0, fa1, fa2; fneg.d fa0, fa1; fclass.d a0, fa1""",
    "float multiply": "fmul.s fa0, fa1, fa2; fmul.d fa0, fa1, fa2",
    "float multiply-add": """
        fmadd.s fa0, fa1, fa2, fa3; fmsub.s fa0, fa1, fa2, fa3; fnmsub.d fa0, fa1, fa2, fa3
        fnmadd.d fa0, fa1, fa2, fa3""",
    "float divide": "fdiv.s fa0, fa1, fa2; fdiv.d fa0, fa1, fa2",
    "float square root": "fsqrt.s fa0, fa1; fsqrt.d fa0, fa1",
    "float convert": """
        fcvt.w.s a0, fa1; fcvt.wu.s a0, fa1, rtz; fcvt.s.w fa0, a1; fcvt.s.wu fa0, a1; fcvt.w.d a0, fa1
        fcvt.d.wu fa0, a1; fcvt.s.d fa0, fa1; fcvt.d.s fa0, fa1""",
    "float move": "fmv.s fa0, fa1; fmv.d fa0, fa1; fmv.x.w a0, fa1; fmv.w.x fa0, a1",
}

RV64_AND_HALVES = {
    "integer": """
        addiw a0, a1, 5; slliw a0, a1, 3; srliw a0, a1, 3; sraiw a0, a1, 3; addw a0, a1, a2; subw a0, a1, a2
        sllw a0, a1, a2; sraw a0, a1, a2; slli a0, a1, 63; srai a0, a1, 63; add.uw a0, a1, a2; slli.uw a0, a1, 3
        sh1add.uw a0, a1, a2; sh3add.uw a0, a1, a2; rolw a0, a1, a2; roriw a0, a1, 3; clzw a0, a1; ctzw a0, a1
        cpopw a0, a1; zext.h a0, a1; rev8 a0, a1; bexti a0, a1, 63""",
    "multiply": "mulw a0, a1, a2",
    "divide": "divw a0, a1, a2; remuw a0, a1, a2",
    "load": "ld a0, 8(a1); lwu a0, -4(a1); lr.d a0, (a1); flh fa0, 2(a1)",
    "store": "sd a0, 8(a1); sc.d a0, a1, (a2); amoadd.d a0, a1, (a2); fsh fa0, 2(a1)",
    "float add": "fadd.h fa0, fa1, fa2; feq.h a0, fa1, fa2",
    "float multiply-add": "fmadd.h fa0, fa1, fa2, fa3",
    "float convert": "fcvt.l.s a0, fa1; fcvt.d.lu fa0, a1; fcvt.s.h fa0, fa1",
    "float move": "fmv.x.d a0, fa1; fmv.d.x fa0, a1; fmv.x.h a0, fa1; fmv.h fa0, fa1",
}

COMPRESSED = {
    "integer": """
        c.nop; c.addi a0, 1; c.addi a0, -32; c.li a0, 5; c.lui a0, 3; c.addi16sp sp, -64; c.addi4spn a0, sp, 16
        c.mv a0, a1; c.mv x20, a1; c.add a0, a1; c.sub a0, a1; c.xor a0, a1; c.or a0, a1; c.and a0, a1
        c.andi a0, 3; c.slli a0, 3; c.srli a0, 3; c.srai a0, 3""",
    "load": """
        c.lw a0, 0(a1); c.lw a0, 124(a5); c.lw a0, 64(a1); c.lwsp a0, 252(sp); c.lwsp a0, 4(sp)
        c.lwsp ra, 128(sp); c.flw fa0, 68(a1); c.flwsp fa0, 68(sp); c.fld fa0, 248(a1); c.fld fa0, 8(a1)
        c.fldsp fa0, 504(sp); c.fldsp fa0, 64(sp)""",
    "store": """
        c.sw a0, 0(a1); c.sw a0, 124(a1); c.swsp a0, 252(sp); c.fsw fa0, 4(a1); c.fswsp fa0, 4(sp)
        c.fsd fa0, 8(a1); c.fsdsp fa0, 8(sp)""",
    "branch": """
        c.j 1b; c.j 2f; c.j 1b + 0x500; c.j 1b - 0x7f0; c.jr a0; c.beqz a0, 1b; c.bnez a0, 2f
        c.beqz a0, 1b + 0xa8""",
    "call": "c.jal 1b; c.jal 2f; c.jal 1b + 0x6a0; c.jalr a0; c.jalr ra",
    "return": "c.jr ra; c.jr t0",
    "system": "c.ebreak; c.unimp",
}
