"""Thumb instructions that cover what the decoder knows, by the core that has them and by class.

Labels: ``1b`` is where a class begins and ``2f`` where it ends.
"""

from __future__ import annotations

ARMV6M = {
    "integer": """
        movs r0, #1; mov r8, r1; mov sp, r9; movs r2, r3; adds r1, r2, #0; adds r1, r2, #3; adds r1, r2, r3
        adds r1, #200; add r8, r9; add sp, r1; add r0, sp, #0; add r0, sp, #16; add sp, #8; sub sp, #8
        add r0, pc, #8; subs r1, r2, r3; subs r1, #5; rsbs r1, r2, #0; adcs r1, r2; sbcs r1, r2; ands r1, r2
        orrs r1, r2; eors r1, r2; bics r1, r2; mvns r1, r2; lsls r1, r2, #3; lsls r1, r2; lsrs r1, r2, #3
        lsrs r1, r2; asrs r1, r2, #3; asrs r1, r2; rors r1, r2; cmp r1, #1; cmp r1, r2; cmp r8, r2; cmn r1, r2
        tst r1, r2; sxth r1, r2; sxtb r1, r2; uxth r1, r2; uxtb r1, r2; rev r1, r2; rev16 r1, r2; revsh r1, r2
        nop; mov r8, r8""",
    "multiply": "muls r1, r2, r1",
    "load": """
        ldr r1, [pc, #8]; ldr r1, [r2]; ldr r1, [r2, #124]; ldr r1, [sp, #1020]; ldr r1, [r2, r3]
        ldrh r1, [r2, #62]; ldrh r1, [r2, r3]; ldrb r1, [r2, #31]; ldrb r1, [r2, r3]; ldrsh r1, [r2, r3]
        ldrsb r1, [r2, r3]; ldm r1!, {r0, r2, r7}; ldm r1, {r0, r1, r2}; pop {r0}; pop {r0, r4, r7}""",
    "store": """
        str r1, [r2]; str r1, [r2, #124]; str r1, [sp, #1020]; str r1, [r2, r3]; strh r1, [r2, #62]
        strh r1, [r2, r3]; strb r1, [r2, #31]; strb r1, [r2, r3]; stm r1!, {r0, r2, r7}; push {r0}; push {r4, lr}""",
    "branch": """
        b 1b; b 2f; beq 1b; bne 2f; bcs 1b; bcc 1b; bmi 1b; bpl 1b; bvs 1b; bvc 1b; bhi 1b; bls 1b; bge 1b; blt 1b
        bgt 1b; ble 1b; bx r3; mov pc, r3; add pc, r3""",
    "call": "bl 1b; bl 2f; blx r3; blx lr",
    "return": "bx lr; mov pc, lr; pop {pc}; pop {r4, r5, pc}",
    "system": """
        svc #3; bkpt #1; udf #2; cpsie i; cpsid i; mrs r1, primask; msr primask, r1; dmb; dsb; isb; yield; wfe
        wfi; sev""",
}

ARMV7EM = {
    "integer": """
        mov.w r1, r2; mov.w sp, r2; movs.w r8, r2; mov.w r1, #0x12000; movw r1, #0x1234; movt r1, #0x1234
        mvn r1, #5; mvn r1, r8; add r1, r8, #1; addw r1, r8, #1000; adds.w r1, r8, r9; add r1, r2, r3, lsl #2
        adr.w r1, 1b; cmn r8, #1; cmn r8, r1, lsl #1; sub r1, r8, #1; subw r1, r8, #1000; sub sp, sp, #512
        subs r1, r8, r9; cmp r8, #256; cmp r8, r1, asr #2; rsb r1, r8, #1; rsb r1, r8, r2; adc r1, r8, #1
        adc r1, r8, r2; sbc r1, r8, #1; sbc r1, r8, r2; and r1, r8, #1; and r1, r8, r2; tst r8, #1; tst r8, r2
        bic r1, r8, #1; bic r1, r8, r2; orr r1, r8, #1; orr r1, r8, r2; orn r1, r8, #1; orn r1, r8, r2
        eor r1, r8, #1; eor r1, r8, r2; teq r1, #1; teq r1, r2; lsl r1, r8, #3; lsl r1, r8, r2; lsrs r1, r8, #3
        lsr r1, r8, r2; asr r1, r8, #3; asr r1, r8, r2; ror r1, r8, #3; ror r1, r8, r2; rrx r1, r2; sxth.w r1, r8
        sxtb.w r1, r8, ror #8; uxth.w r1, r8; uxtb.w r1, r8; rev.w r1, r8; rev16.w r1, r8; rbit r1, r2
        revsh.w r1, r8; clz r1, r2; sbfx r1, r2, #3, #4; ubfx r1, r2, #3, #4; bfi r1, r2, #3, #4; bfc r1, #3, #4
        nop.w""",
    "multiply": """
        mul r1, r2, r8; mla r1, r2, r3, r4; mls r1, r2, r3, r4; smull r1, r2, r3, r4; umull r1, r2, r3, r4
        smlal r1, r2, r3, r4; umlal r1, r2, r3, r4""",
    "divide": "sdiv r1, r2, r3; udiv r1, r2, r3",
    "load": """
        ldr.w r1, [pc, #-8]; ldr.w r1, [pc, #8]; ldr r1, [r8, #4095]; ldr r1, [r8, #-4]; ldr r1, [r8], #4
        ldr r1, [r8, #-4]!; ldr r1, [r8, r2, lsl #3]; ldrt r1, [r8, #4]; ldrb r1, [r8]; ldrb r1, [r8], #-1
        ldrbt r1, [r2]; ldrh r1, [r8]; ldrh r1, [r8, r2]; ldrht r1, [r2]; ldrsb r1, [r8]; ldrsb r1, [r8, #-3]
        ldrsb.w r1, [pc, #4]; ldrsbt r1, [r2]; ldrsh r1, [r8]; ldrsh r1, [r8], #2; ldrsht r1, [r2]
        ldrd r1, r2, [r8, #8]; ldrd r1, r2, [r8, #-8]; ldrd r1, r2, [r8], #8; ldrd r1, r2, [r8, #8]!
        ldrex r1, [r2, #4]; ldrexb r1, [r2]; ldrexh r1, [r2]; ldm.w r8, {r1, r2}; ldm r8!, {r1, lr}
        ldmdb r8, {r1, r2, r3}; ldmdb r8!, {r1, r2}; pop.w {r4, r8}; pop.w {r8}""",
    "store": """
        str r1, [r8, #4095]; str r1, [r8, #-4]; str r1, [r8], #4; str r1, [r8, #-4]!; str r1, [r8, r2, lsl #3]
        strt r1, [r8, #4]; strb r1, [r8]; strb r1, [r8], #-1; strbt r1, [r2]; strh r1, [r8]; strh r1, [r8, r2]
        strht r1, [r2]; strd r1, r2, [r8, #8]; strd r1, r2, [r8], #8; strd r1, r2, [r8, #-8]!
        strex r1, r2, [r3, #4]; strexb r1, r2, [r3]; strexh r1, r2, [r3]; stm.w r8, {r1, r2}; stm r8!, {r1, lr}
        stmdb r8, {r1, r2}; push.w {r4, r8}; push.w {r8}""",
    "branch": """
        cbz r1, 2f; cbnz r7, 2f; b.w 1b; b.w 2f; b.w 1b - 0x200000; b.w 1b + 0xc00000; beq.w 1b; bne.w 2f
        bgt.w 1b + 0x80000; blt.w 1b - 0x40000; tbb [pc, r1]; tbh [r2, r1, lsl #1]; ldr pc, [r1]
        ldr pc, [r1, r2, lsl #2]; ldr.w pc, [pc, #4]; ldr pc, [r1], #4; ldr pc, [sp, #4]; ldm r1, {r2, pc}
        ldm r1!, {r2, pc}; ldm sp, {r4, pc}""",
    "call": "bl 1b - 0x200000; bl 1b + 0xc00000",
    "return": "ldm.w sp!, {r4, r8, pc}; ldr pc, [sp], #4; pop.w {r4, r8, pc}",
    "dsp": """
        ssat r1, #5, r2; ssat r1, #5, r2, asr #3; usat r1, #5, r2; usat r1, #5, r2, lsl #3; ssat16 r1, #5, r2
        usat16 r1, #5, r2; qadd r1, r2, r3; qdadd r1, r2, r3; qsub r1, r2, r3; qdsub r1, r2, r3; sadd8 r1, r2, r3
        sadd16 r1, r2, r3; sasx r1, r2, r3; ssax r1, r2, r3; ssub8 r1, r2, r3; ssub16 r1, r2, r3; qadd8 r1, r2, r3
        shadd16 r1, r2, r3; uadd8 r1, r2, r3; uqsub16 r1, r2, r3; uhasx r1, r2, r3; sel r1, r2, r3
        pkhbt r1, r2, r3; pkhtb r1, r2, r3, asr #4; sxtah r1, r2, r3; uxtah r1, r2, r3; sxtab r1, r2, r3
        uxtab r1, r2, r3; sxtab16 r1, r2, r3; uxtab16 r1, r2, r3; sxtb16 r1, r2; uxtb16 r1, r2, ror #8
        usad8 r1, r2, r3; usada8 r1, r2, r3, r4; smulbb r1, r2, r3; smultb r1, r2, r3; smlabt r1, r2, r3, r4
        smulwb r1, r2, r3; smlawt r1, r2, r3, r4; smuad r1, r2, r3; smuadx r1, r2, r3; smusd r1, r2, r3
        smlad r1, r2, r3, r4; smlsdx r1, r2, r3, r4; smmul r1, r2, r3; smmulr r1, r2, r3; smmla r1, r2, r3, r4
        smmlsr r1, r2, r3, r4; smlalbb r1, r2, r3, r4; smlaltt r1, r2, r3, r4; smlald r1, r2, r3, r4
        smlaldx r1, r2, r3, r4; smlsld r1, r2, r3, r4; smlsldx r1, r2, r3, r4; umaal r1, r2, r3, r4""",
    "system": """
        udf.w #3; mrs r1, basepri; msr basepri, r1; cpsie f; clrex; dbg #1; yield.w; wfe.w; wfi.w; sev.w
        pld [r1, #4]; pld [r1, #-4]; pld [r1, r2]; pld [pc, #4]; pli [r1, #4]; mcr p3, 2, r3, c4, c5, 6
        mrc p3, 2, r3, c4, c5, 6; mcrr p3, 2, r3, r4, c5; mrrc p3, 2, r3, r4, c5; mrc2 p3, 2, r3, c4, c5, 6
        cdp p3, 2, c3, c4, c5, 6; ldc p3, c2, [r3, #4]; stc p3, c2, [r3, #4]!""",
    "float add": """
        vadd.f32 s1, s2, s3; vsub.f32 s1, s2, s3; vneg.f32 s1, s2; vabs.f32 s1, s2; vcmp.f32 s1, s2
        vcmpe.f32 s1, s2; vcmp.f32 s1, #0; vcmpe.f32 s31, #0""",
    "float multiply": "vmul.f32 s1, s2, s3; vnmul.f32 s1, s2, s3",
    "float multiply-add": """
        vmla.f32 s1, s2, s3; vmls.f32 s1, s2, s3; vnmla.f32 s1, s2, s3; vnmls.f32 s1, s2, s3; vfma.f32 s1, s2, s3
        vfms.f32 s1, s2, s3; vfnma.f32 s1, s2, s3; vfnms.f32 s1, s2, s3""",
    "float divide": "vdiv.f32 s1, s2, s3",
    "float square root": "vsqrt.f32 s1, s2",
    "float convert": """
        vcvt.s32.f32 s1, s2; vcvt.u32.f32 s1, s2; vcvtr.s32.f32 s1, s2; vcvt.f32.s32 s1, s2; vcvt.f32.u32 s1, s2
        vcvt.f32.s16 s1, s1, #3; vcvt.u32.f32 s1, s1, #3; vcvtb.f32.f16 s1, s2; vcvtt.f16.f32 s1, s2""",
    "float move": """
        vmov.f32 s1, s2; vmov.f32 s1, #1.5; vmov r1, s2; vmov s1, r2; vmov r1, r2, s3, s4; vmov s1, s2, r3, r4
        vmov r1, r2, d3; vmov d1, r2, r3; vmrs r1, fpscr; vmrs APSR_nzcv, fpscr; vmsr fpscr, r1""",
}

ARMV7EM_FLOAT_MEMORY = {
    "load": """
        vldr s1, [r2, #4]; vldr s1, [r2, #-4]; vldr s1, [pc, #4]; vldr d1, [r2, #8]; vldm r1, {s1-s3}
        vldm r1!, {d1-d3}; vldmdb r1!, {s1-s2}; vpop {s16-s19}; vpop {d8}""",
    "store": """
        vstr s1, [r2, #4]; vstr d1, [r2, #-8]; vstm r1, {s1-s3}; vstm r1!, {d1-d3}; vstmdb r1!, {s1-s2}
        vpush {s16-s19}; vpush {d8-d15}""",
}

FPV5_DOUBLE = {
    "float add": """
        vadd.f64 d1, d2, d3; vsub.f64 d1, d2, d3; vneg.f64 d1, d2; vabs.f64 d1, d2; vcmp.f64 d1, d2
        vcmpe.f64 d1, #0; vmaxnm.f32 s1, s2, s3; vminnm.f32 s1, s2, s3; vmaxnm.f64 d1, d2, d3
        vminnm.f64 d1, d2, d3""",
    "float multiply": "vmul.f64 d1, d2, d3; vnmul.f64 d1, d2, d3",
    "float multiply-add": "vmla.f64 d1, d2, d3; vnmls.f64 d1, d2, d3; vfma.f64 d1, d2, d3; vfnms.f64 d1, d2, d3",
    "float divide": "vdiv.f64 d1, d2, d3",
    "float square root": "vsqrt.f64 d1, d2",
    "float convert": """
        vcvt.f64.f32 d1, s2; vcvt.f32.f64 s1, d2; vcvt.s32.f64 s1, d2; vcvt.f64.u32 d1, s2
        vcvt.f64.s32 d1, d1, #3; vcvtb.f64.f16 d1, s2; vcvtt.f16.f64 s1, d2; vcvta.s32.f32 s1, s2
        vcvtn.u32.f32 s1, s2; vcvtp.s32.f64 s1, d2; vcvtm.s32.f32 s1, s2; vrinta.f32 s1, s2; vrintn.f32 s1, s2
        vrintp.f64 d1, d2; vrintm.f32 s1, s2; vrintr.f32 s1, s2; vrintz.f64 d1, d2; vrintx.f32 s1, s2""",
    "float move": """
        vmov.f64 d1, d2; vmov.f64 d1, #1.5; vmov.32 r1, d2[1]; vmov.32 d1[0], r2; vseleq.f32 s1, s2, s3
        vselge.f64 d1, d2, d3; vselgt.f32 s1, s2, s3; vselvs.f32 s1, s2, s3""",
}

ARMV8M = {
    "load": "lda r1, [r2]; ldab r1, [r2]; ldah r1, [r2]; ldaex r1, [r2]; ldaexb r1, [r2]; ldaexh r1, [r2]; vlldm r1",
    "store": """
        stl r1, [r2]; stlb r1, [r2]; stlh r1, [r2]; stlex r1, r2, [r3]; stlexb r1, r2, [r3]; stlexh r1, r2, [r3]
        vlstm r1""",
    "branch": "bxns r1",
    "call": "blxns r1",
    "return": "bxns lr",
    "system": "sg; tt r1, r2; ttt r1, r2; tta r1, r2; ttat r1, r2",
}

ARMV81M = {
    "integer": """
        csel r1, r2, r3, eq; csinc r1, r2, r3, eq; csinv r1, r2, r3, eq; csneg r1, r2, r3, eq; cset r1, eq
        csetm r1, ne; cinc r1, r2, eq; clrm {r1, r2, lr}; clrm {r1, apsr}""",
    "branch": """
        le lr, 1b; le 1b; wls lr, r2, 2f; dls lr, r2; bf . + 8, . + 40; bfl . + 8, . + 40; bfx . + 8, r1
        bflx . + 8, r1""",
    "load": "vldr.16 s1, [r2, #4]; vldr FPSCR, [r1, #4]; vldr FPSCR, [r1], #4",
    "store": "vstr.16 s1, [r2, #4]; vstr FPSCR, [r1, #4]; vstr FPSCR, [r1, #4]!",
    "float add": "vadd.f16 s1, s2, s3; vcmp.f16 s1, s2; vmaxnm.f16 s1, s2, s3",
    "float multiply-add": "vfma.f16 s1, s2, s3",
    "float convert": "vcvt.s32.f16 s1, s2; vrinta.f16 s1, s2",
    "float move": """
        vmov.f16 s1, r2; vmov.f16 r1, s2; vmovx.f16 s1, s2; vins.f16 s1, s2; vseleq.f16 s1, s2, s3
        vscclrm {s1-s3, vpr}""",
}

# Only the class is compared: the decoder tells little apart here.
MVE = {
    "dsp": "lsll r2, r3, #4; lsll r2, r3, r9; asrl r2, r3, r4; sqrshr r2, r3; uqshl r2, #3; sqshll r2, r3, #4",
    "vector": """
        vadd.i32 q1, q2, q3; vmla.s16 q1, q2, r3; vfma.f32 q1, q2, q3; vmul.f32 q1, q2, r3; vmov q1, q2
        vmlava.s32 r0, q1, q2; vmaxv.s8 r1, q2; vcmul.f32 q1, q2, q3, #0; vcadd.i32 q1, q2, q3, #90; vctp.32 r1
        vpst; vaddt.i32 q1, q2, q3; vmov r1, r2, q3[2], q3[0]; vmov q3[3], q3[1], r1, r2; vcmla.f32 q1, q2, q3, #0""",
    "load": """
        vldrw.32 q1, [r2]; vldrb.s16 q1, [r2], #8; vldrh.16 q1, [r2, q3]; vldrw.u32 q1, [q2, #8]
        vld20.8 {q1, q2}, [r3]""",
    "store": "vstrw.32 q1, [r2]; vstrb.16 q1, [r2, #8]!; vstrh.16 q1, [r2, q3]; vst40.8 {q1, q2, q3, q4}, [r5]!",
    "branch": "dlstp.32 lr, r1; wlstp.8 lr, r1, 2f; letp lr, 1b; lctp",
    "float move": "vdup.32 q1, r2; vmov.s8 r1, q2[3]; vmov.16 q1[2], r2; vmov.32 r1, q2[3]",
}
