# A sound level meter for MicroPython: A-weighted level and octave bands of 16-bit samples at 16 kHz.
#
# Runs on the target as it is; needs the native modules arrayutils, iir and fft:
#
#     mpy-harness profile cases/pipeline/sound_level/sound_level.py --natmods natmods
#
# Coefficients: those of the case iir/a_weighting (cases/filters/iir).

import array
import math

import arrayutils
import fft
import iir

BLOCK = 256
A_WEIGHTING = array.array("f", (
    0.5290928, 0.0, -0.5290928, 1.0, -1.7055097, 0.71598756,
    1.0, -2.0, 1.0, 1.0, -0.5811615, -0.4074724,
    1.0, 0.0, -1.0, 1.0, -0.5811615, -0.4074724,
))  # fmt: skip


class Meter:
    def __init__(self):
        self.weighting = iir.new(A_WEIGHTING)
        self.plan = fft.new(BLOCK)
        self.samples = array.array("f", bytes(4 * (BLOCK + 2)))
        self.block = memoryview(self.samples)[:BLOCK]

    def measure(self, pcm):
        # The weighted block's mean square, and the power in each octave of its spectrum.
        arrayutils.int16_to_float(pcm, self.block)
        self.weighting.run(self.block)
        level = mean_square(self.block)
        self.plan.rfft(self.samples)
        return level, octaves(self.samples)


def mean_square(block):
    total = 0.0
    for value in block:
        total += value * value
    return total / len(block)


def octaves(spectrum):
    powers = array.array("f")
    low = 1
    while low < BLOCK // 2:
        powers.append(sum(spectrum[i] * spectrum[i] for i in range(2 * low, 4 * low)))
        low *= 2
    return powers


def noise(count, state):
    # A xorshift generator (G. Marsaglia, Xorshift RNGs, 2003) of 16 bits: its state, not 0, is a small int.
    samples = array.array("h", bytes(2 * count))
    for i in range(count):
        state ^= (state << 7) & 0xFFFF
        state ^= state >> 9
        state ^= (state << 8) & 0xFFFF
        samples[i] = state - 0x8000
    return samples


def main():
    meter = Meter()
    for number in range(4):
        level, bands = meter.measure(noise(BLOCK, number + 1))
        print("%.1f dB(A)" % (10 * math.log10(level)), *("%.3g" % power for power in bands))


if __name__ == "__main__":
    main()
