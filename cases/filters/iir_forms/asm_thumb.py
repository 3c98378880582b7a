# The same operations in the same order in inline assembler for cores with an FPU: nothing fused, so the same bits.

import array


class Filter:
    def __init__(self, sos):
        self.sections = [
            array.array("f", [sos[i + k] for k in (0, 1, 2, 4, 5)] + [0.0, 0.0]) for i in range(0, len(sos), 6)
        ]

    def run(self, src, out):
        for section in self.sections:
            run(section, src, out, len(src))
            src = out


# r0: b0, b1, b2, a1, a2 and the state s1, s2; r1: input; r2: output; r3: samples.
@micropython.asm_thumb
def run(r0, r1, r2, r3):
    vldr(s0, [r0, 0])
    vldr(s1, [r0, 4])
    vldr(s2, [r0, 8])
    vldr(s3, [r0, 12])
    vldr(s4, [r0, 16])
    vldr(s5, [r0, 20])
    vldr(s6, [r0, 24])
    b(NEXT)
    label(SAMPLE)
    vldr(s7, [r1, 0])
    vmul(s8, s0, s7)
    vadd(s8, s8, s5)  # y = b0 * x + s1
    vmul(s9, s1, s7)
    vmul(s10, s3, s8)
    vsub(s9, s9, s10)
    vadd(s5, s9, s6)  # s1 = (b1 * x - a1 * y) + s2
    vmul(s9, s2, s7)
    vmul(s10, s4, s8)
    vsub(s6, s9, s10)  # s2 = b2 * x - a2 * y
    vstr(s8, [r2, 0])
    add(r1, 4)
    add(r2, 4)
    label(NEXT)
    sub(r3, 1)
    bpl(SAMPLE)
    vstr(s5, [r0, 20])
    vstr(s6, [r0, 24])


new = Filter
