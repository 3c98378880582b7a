# A sound level meter: chunks of 16-bit samples in, A-weighted levels in dB out, with the time weightings fast and
# slow. From the modules arrayutils and iir, or their Python twins. Runs on MicroPython and on CPython alike.

from array import array
from math import exp, log10

TIMES = (0.125, 1.0)  # seconds: fast and slow
LEAST = 1e-12  # of a mean square: silence has no logarithm


class Meter:
    def __init__(self, arrayutils, weighting, chunk, rate, full_scale):
        # chunk: samples at a time; full_scale: the level in dB whose mean square is 1.
        self.arrayutils = arrayutils
        self.weighting = weighting
        self.full_scale = full_scale
        self.samples = array("f", bytes(4 * chunk))
        self.kept = [exp(-chunk / rate / time) for time in TIMES]
        self.squares = [0.0] * len(TIMES)

    def measure(self, pcm, levels):
        samples = self.samples
        self.convert(pcm, samples)
        self.weight(samples)
        self.level(samples, levels)

    def convert(self, pcm, out):
        self.arrayutils.int16_to_float(pcm, out)

    def weight(self, samples):
        self.weighting.run(samples)

    def level(self, samples, levels):
        # The exponential average goes on by a chunk at a time: each chunk's power counts as if it were even.
        new = mean_square(samples)
        squares = self.squares
        for i in range(len(squares)):
            squares[i] = square = new + self.kept[i] * (squares[i] - new)
            levels[i] = self.full_scale + 10.0 * log10(max(square, LEAST))


def mean_square(samples):
    total = 0.0
    for value in samples:
        total += value * value
    return total / len(samples)
