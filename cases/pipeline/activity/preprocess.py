# Features of a window of three-axis acceleration, in integers. Runs on MicroPython and on CPython alike, so
# that a classifier is trained with what it will see.
#
# Of each axis: mean, standard deviation, mean distance from the mean, range, how often the mean is crossed, the
# mean step from one sample to the next, energy (of which the upper 16 of 27 bits), median, both quartiles, and the
# median distance from the median; then the sum of the three mean distances. Samples are within 8000, 1/1000 g say:
# then no number on the way has more than the 31 bits for which MicroPython takes no memory.

OF_AXIS = 11
FEATURES = 3 * OF_AXIS + 1


def features(samples, out):
    # samples: x, y, z of each point in time, one after the other; out: FEATURES numbers.
    total = 0
    for axis in range(3):
        values = [samples[i] for i in range(axis, len(samples), 3)]
        axis_features(values, out, OF_AXIS * axis)
        order_features(values, out, OF_AXIS * axis + 7)
        total += out[OF_AXIS * axis + 2]
    out[3 * OF_AXIS] = total


def axis_features(values, out, at):
    # Squares are divided before they are added up; what that leaves is added up as well, so nothing is lost.
    n = len(values)
    total = squares = rest = 0
    low = high = values[0]
    for value in values:
        total += value
        square = value * value
        squares += square // n
        rest += square % n
        if value < low:
            low = value
        if value > high:
            high = value
    out[at] = mean = total // n
    out[at + 3] = high - low
    out[at + 6] = squares + rest // n >> 11
    apart = crossings = steps = squares = rest = 0
    last = values[0]
    was_below = last < mean
    for value in values:
        below = value < mean
        distance = mean - value if below else value - mean
        apart += distance
        square = distance * distance
        squares += square // n
        rest += square % n
        if below != was_below:
            crossings += 1
            was_below = below
        steps += value - last if value > last else last - value
        last = value
    out[at + 1] = root(squares + rest // n)
    out[at + 2] = apart // n
    out[at + 4] = crossings
    out[at + 5] = steps // n


def order_features(values, out, at):
    # Brings the values into order, and then their distances from the median.
    n = len(values)
    values.sort()
    median = values[n // 2]
    out[at] = median
    out[at + 1] = values[n // 4]
    out[at + 2] = values[3 * n // 4]
    for i in range(n):
        value = values[i]
        values[i] = median - value if value < median else value - median
    values.sort()
    out[at + 3] = values[n // 2]


def root(square):
    # The whole part of the square root, by Newton's method, which comes down to it from any larger number.
    guess = 1
    while guess * guess < square:
        guess <<= 1
    while guess * guess > square:
        guess = (guess + square // guess) >> 1
    return guess
