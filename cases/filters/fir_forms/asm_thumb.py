# The inner loop in inline assembler for cores with an FPU: products and sums each rounded, so the same bits.

from array import array

BLOCK = 512
TAPS = 32


class Filter:
    def __init__(self, taps):
        if len(taps) != TAPS:
            raise ValueError("32 taps are wanted")
        self.taps = taps
        self.samples = array("f", bytes(4 * (TAPS - 1 + BLOCK)))

    def run(self, src, out):
        past, n = TAPS - 1, len(src)
        view = memoryview(self.samples)
        view[past : past + n] = src
        run(self.taps, view[past:], out, n)
        view[:past] = view[n : n + past]


# r0: taps; r1: the newest sample, the older ones below it; r2: output; r3: samples.
@micropython.asm_thumb
def run(r0, r1, r2, r3):
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
    add(r1, 4)
    add(r2, 4)
    label(NEXT)
    sub(r3, 1)
    bpl(SAMPLE)


new = Filter
