# The same API and algorithm as fir.c, in Python: see there. Integer taps make a Q15 filter. The types of
# the buffers are not checked. On firmware with float32 (most) the output is the same to the bit.


class Filter:
    def __init__(self, taps):
        if len(taps) == 0:
            raise ValueError("taps must not be empty")
        self._taps = list(taps)
        self._q15 = isinstance(taps[0], int)
        self._at = 0
        self.reset()

    def run(self, src, out=None):
        if out is None:
            out = src
        if len(out) != len(src):
            raise ValueError("out must be as long as src")
        taps = self._taps
        ring = self._ring
        n = len(taps)
        at = self._at
        q15 = self._q15
        for i in range(len(src)):
            at = (at or n) - 1
            ring[at] = src[i]
            total = 0 if q15 else 0.0
            k = at
            for tap in taps:
                total += tap * ring[k]
                k += 1
                if k == n:
                    k = 0
            if q15:
                total = (total + 0x4000) >> 15
                total = 32767 if total > 32767 else -32768 if total < -32768 else total
            out[i] = total
        self._at = at

    def reset(self):
        self._ring = [0 if self._q15 else 0.0] * len(self._taps)


def new(taps):
    return Filter(taps)
