# 8 filters of 3x3 over 8x8 pixels, ReLU, the greatest of each 2x2 places, and a dense layer. What is shifted
# down and limited to 7 bits is the greatest of the four sums: that is the same as the greatest of four that
# were limited.

FILTERS = 8
FEATURES = bytearray(9 * FILTERS)


def classify(x, weights, biases, shift, out):
    features = FEATURES
    convolve(x, weights, biases, shift, features)
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
                most = (most + biases[k]) >> shift
                features[to] = 0 if most < 0 else 127 if most > 127 else most
                to += 1
