# Features of a window of three-axis acceleration, in integers. Runs on MicroPython and on CPython alike, so
# that a classifier is trained with what it will see.
#
# Of each axis: the mean, the mean distance from it, the range, how often the mean is crossed, and the mean
# step from one sample to the next; then the sum of the three mean distances. Samples are within 14 bits,
# 1/1000 g say.

FEATURES = 16


def features(samples, out):
    # samples: x, y, z of each point in time, one after the other; out: FEATURES numbers.
    n = len(samples) // 3
    total = 0
    for axis in range(3):
        at = 5 * axis
        axis_features(samples, axis, n, out, at)
        total += out[at + 1]
    out[15] = total


def axis_features(samples, axis, n, out, at):
    total = 0
    low = high = samples[axis]
    for i in range(axis, 3 * n, 3):
        value = samples[i]
        total += value
        if value < low:
            low = value
        if value > high:
            high = value
    mean = total // n
    apart = crossings = steps = 0
    last = samples[axis]
    was_below = last < mean
    for i in range(axis, 3 * n, 3):
        value = samples[i]
        below = value < mean
        apart += mean - value if below else value - mean
        if below != was_below:
            crossings += 1
            was_below = below
        steps += value - last if value > last else last - value
        last = value
    out[at] = mean
    out[at + 1] = apart // n
    out[at + 2] = high - low
    out[at + 3] = crossings
    out[at + 4] = steps // n
