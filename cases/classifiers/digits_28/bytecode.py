# Two layers of filters of 3x3, each with ReLU and the greatest of each 2x2 places, and a dense layer. What is shifted
# down and limited to 7 bits is the greatest of the four sums: the same as the greatest of four that were limited.

from array import array

SIDE = 28
FIRST = 4
SECOND = 8
POOLED = 13
FEATURES = 200


def classify(x, weights, biases, shifts, out):
    network(x, weights, biases, shifts, "b", out)


def classify_float(x, weights, biases, out):
    network(x, weights, biases, (None, None), "f", out)


def network(x, weights, biases, shifts, typecode, out):
    size = 1 if typecode == "b" else 4
    first = array(typecode, bytearray(POOLED * POOLED * FIRST * size))
    second = array(typecode, bytearray(FEATURES * size))
    convolve(x, SIDE, 1, weights, biases, 0, 0, shifts[0], FIRST, first)
    convolve(first, POOLED, FIRST, weights, biases, 9 * FIRST, FIRST, shifts[1], SECOND, second)
    at = 9 * FIRST + 9 * FIRST * SECOND
    for k in range(len(out)):
        total = 0
        for value in second:
            total += value * weights[at]
            at += 1
        out[k] = total + biases[FIRST + SECOND + k]


def convolve(x, side, channels, weights, biases, first, bias, shift, filters, out):
    # Where a patch's pixels are behind its first one, in the order of the weights.
    line = side * channels
    seen = [row * line + at for row in range(3) for at in range(3 * channels)]
    pooled = (side - 2) // 2
    to = 0
    for place in range(pooled * pooled):
        corner = 2 * (place // pooled * line + place % pooled * channels)
        corners = (corner, corner + channels, corner + line, corner + line + channels)
        begin = first
        for k in range(filters):
            most = None
            for patch in corners:
                at = begin
                total = 0
                for pixel in seen:
                    total += x[patch + pixel] * weights[at]
                    at += 1
                if most is None or total > most:
                    most = total
            most += biases[bias + k]
            if shift is not None:
                most >>= shift
                if most > 127:
                    most = 127
            out[to] = most if most > 0 else 0
            to += 1
            begin += len(seen)
