# Q15 in 32 bits: the sum of the magnitudes of the taps must stay below 2.0, so that no sum overflows.
#
# Viper loads half-words without a sign: (v ^ 0x8000) - 0x8000 gives it back. The taps are kept in words, with theirs.

from array import array

BLOCK = 512


class Filter:
    def __init__(self, taps):
        if sum(abs(tap) for tap in taps) >= 65536:
            raise ValueError("32 bits do not hold the sums of these taps")
        self.taps = array("i", [len(taps)] + list(taps))
        self.samples = array("h", bytes(2 * (len(taps) - 1 + BLOCK)))

    def run(self, src, out):
        past, n = self.taps[0] - 1, len(src)
        view = memoryview(self.samples)
        view[past : past + n] = src
        run(self.taps, self.samples, out, n)
        view[:past] = view[n : n + past]


@micropython.viper
def run(taps: ptr32, samples: ptr16, out: ptr16, n: int):
    count = taps[0]
    for i in range(n):
        total = 0x4000
        at = i + count - 1
        k = 1
        while k <= count:
            total += taps[k] * ((samples[at] ^ 0x8000) - 0x8000)
            at -= 1
            k += 1
        total >>= 15
        if total > 32767:
            total = 32767
        if total < -32768:
            total = -32768
        out[i] = total


new = Filter
