# Two averages of the squares, each with its weight, and the mean square of a hop; all as levels when a hop ends.

from math import log10


class Meter:
    # weights: array('f') of the two weights, and what is added to a level.
    def __init__(self, weights, hop):
        self.weights = weights
        self.hop = hop
        self.averages = [0.0, 0.0]

    def run(self, src, out):
        weigh(self.averages, self.weights, self.hop, src, out)


def weigh(averages, weights, hop, src, out):
    fast, slow = averages
    a, b, offset = weights
    to = 0
    for at in range(0, len(src), hop):
        total = 0.0
        for i in range(at, at + hop):
            square = src[i]
            square = float(square * square)
            total += square
            fast += a * (square - fast)
            slow += b * (square - slow)
        out[to] = level(fast, offset)
        out[to + 1] = level(slow, offset)
        out[to + 2] = level(total / hop, offset)
        to += 3
    averages[0] = fast
    averages[1] = slow


def level(square, offset):
    # A thousandth of a step squared is taken for silence.
    return 10 * log10(square if square > 0.001 else 0.001) + offset


new = Meter
