# Past and block in one array. Sums from the newest sample to the oldest, as natmods/fir.

from array import array

BLOCK = 512


class Filter:
    def __init__(self, taps):
        self.q15 = isinstance(taps[0], int)
        self.taps = tuple(taps)
        code = "h" if self.q15 else "f"
        self.samples = array(code, (0 for _ in range(len(taps) - 1 + BLOCK)))

    def run(self, src, out):
        taps, samples, q15 = self.taps, self.samples, self.q15
        past = len(taps) - 1
        view = memoryview(samples)
        view[past : past + len(src)] = src
        for i in range(len(src)):
            total = 0 if q15 else 0.0
            at = i + past
            for tap in taps:
                total += tap * samples[at]
                at -= 1
            if q15:
                total = (total + 0x4000) >> 15
                total = 32767 if total > 32767 else -32768 if total < -32768 else total
            out[i] = total
        view[:past] = view[len(src) : len(src) + past]


new = Filter
