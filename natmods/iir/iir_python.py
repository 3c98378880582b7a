# The same API and algorithm as iir.c, in Python: see there. The buffers may be anything that holds
# numbers; their types are not checked. On firmware with float32 (most) the output is the same to the bit.


class Filter:
    def __init__(self, sos):
        if len(sos) == 0 or len(sos) % 6:
            raise ValueError("sos must hold 6 numbers a section")
        for i in range(3, len(sos), 6):
            if sos[i] != 1.0:
                raise ValueError("a0 of every section must be 1")
        self._sections = [
            [sos[i], sos[i + 1], sos[i + 2], sos[i + 4], sos[i + 5], 0.0, 0.0]
            for i in range(0, len(sos), 6)
        ]

    def run(self, src, out=None):
        if out is None:
            out = src
        n = len(src)
        if len(out) != n:
            raise ValueError("out must be as long as src")
        for section in self._sections:
            b0, b1, b2, a1, a2, s1, s2 = section
            for i in range(n):
                x = src[i]
                y = b0 * x + s1
                s1 = (b1 * x - a1 * y) + s2
                s2 = b2 * x - a2 * y
                out[i] = y
            section[5] = s1
            section[6] = s2
            src = out

    def reset(self):
        for section in self._sections:
            section[5] = section[6] = 0.0


def new(sos):
    return Filter(sos)
