# 8 filters of 3x3 over 8x8 pixels, ReLU, the greatest of each 2x2 places, and a dense layer. What is shifted
# down and limited to 7 bits is the greatest of the four sums: that is the same as the greatest of four that
# were limited.

from array import array

FILTERS = 8
FEATURES = bytearray(9 * FILTERS)
FLOAT_FEATURES = array("f", bytearray(4 * 9 * FILTERS))


def classify(x, weights, biases, shift, out):
    convolve(x, weights, biases, shift, FEATURES)
    dense(FEATURES, weights, biases, out)


def classify_float(x, weights, biases, out):
    convolve(x, weights, biases, None, FLOAT_FEATURES)
    dense(FLOAT_FEATURES, weights, biases, out)


def dense(features, weights, biases, out):
    at = 9 * FILTERS
    for k in range(len(out)):
        total = biases[FILTERS + k]
        for value in features:
            total += value * weights[at]
            at += 1
        out[k] = total


def convolve(x, weights, biases, shift, features):
    to = 0
    for row in range(0, 48, 16):
        for corner in range(row, row + 6, 2):
            for k in range(FILTERS):
                at = 9 * k
                w0, w1, w2, w3, w4, w5, w6, w7, w8 = weights[at : at + 9]
                most = -0x3FFFFFFF
                for i in (corner, corner + 1, corner + 8, corner + 9):
                    total = (
                        w0 * x[i] + w1 * x[i + 1] + w2 * x[i + 2]
                        + w3 * x[i + 8] + w4 * x[i + 9] + w5 * x[i + 10]
                        + w6 * x[i + 16] + w7 * x[i + 17] + w8 * x[i + 18]
                    )  # fmt: skip
                    if total > most:
                        most = total
                most += biases[k]
                if shift is not None:
                    most >>= shift
                    if most > 127:
                        most = 127
                features[to] = most if most > 0 else 0
                to += 1
