# The sums in inline assembler for cores with an FPU: 32 taps, one sample of four.

TAPS, DOWN = 32, 4


def decimate(src, taps, out):
    if len(taps) != TAPS or len(src) + 1 - TAPS != DOWN * len(out):
        raise ValueError("32 taps and four samples for each of out are wanted")
    filtered(taps, src, out, len(out))


# r0: taps; r1: samples, of which the first output's newest is 31 on; r2: output; r3: outputs.
@micropython.asm_thumb
def filtered(r0, r1, r2, r3):
    add(r1, 124)
    b(NEXT)
    label(SAMPLE)
    mov(r4, r0)
    mov(r5, r1)
    mov(r6, 32)
    mov(r7, 0)
    vmov(s0, r7)
    label(TAP)
    vldr(s1, [r4, 0])
    vldr(s2, [r5, 0])
    vmul(s1, s1, s2)
    vadd(s0, s0, s1)
    add(r4, 4)
    sub(r5, 4)
    sub(r6, 1)
    bne(TAP)
    vstr(s0, [r2, 0])
    add(r1, 16)
    add(r2, 4)
    label(NEXT)
    sub(r3, 1)
    bpl(SAMPLE)
