# Smoothing in MicroPython: integers of a converter, without floats.


class Exponential:
    # y += (x - y) / 2**shift, with eight bits more than the samples have
    def __init__(self, shift):
        self.shift = shift
        self.state = 0

    def run(self, samples, out):
        for i in range(len(samples)):
            self.state += ((samples[i] << 8) - self.state) >> self.shift
            out[i] = self.state >> 8


def median_of_three(samples, out):
    last = len(samples) - 1
    out[0], out[last] = samples[0], samples[last]
    for i in range(1, last):
        out[i] = sorted(samples[i - 1 : i + 2])[1]
