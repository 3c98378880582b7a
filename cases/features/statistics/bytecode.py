# Features of a block of integers up to 12 bits, so that 32 bits hold the sum of 256 squares.

from math import cos, pi


def mean_square(src, out):
    total = 0
    for value in src:
        total += value * value
    out[0] = total // len(src)


def crossings(src, out):
    count = 0
    below = src[0] < 0
    for value in src:
        if (value < 0) != below:
            below = not below
            count += 1
    out[0] = count


def moving_average(src, out):
    # Of the last 16, rounded down; before the first there were zeros.
    total = 0
    for i in range(len(src)):
        total += src[i]
        if i >= 16:
            total -= src[i - 16]
        out[i] = total >> 4


def median5(src, out):
    # Of the value and two on either side; the ends stay as they are.
    last = len(src) - 2
    for i in range(len(src)):
        if 2 <= i < last:
            out[i] = sorted(src[i - 2 : i + 3])[2]
        else:
            out[i] = src[i]


def goertzel(src, out):
    # Power at bin 20 of the block's spectrum.
    n = len(src)
    c = 2 * cos(2 * pi * 20 / n)
    s1 = s2 = 0.0
    for value in src:
        s1, s2 = value + c * s1 - s2, s1
    out[0] = s1 * s1 + s2 * s2 - c * s1 * s2
