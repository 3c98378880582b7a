# A network for 16 frames of 20 bands, in integers of 8 bits: 8 filters over three frames, ReLU, the greater of
# each two places, and a dense layer. What is shifted down and limited to 7 bits is the greater of two sums: that
# is the same as the greater of two that were limited.

BANDS = 20
FILTERS = 8
POOLED = 7
SEEN = 3 * BANDS
FEATURES = bytearray(POOLED * FILTERS)


def quantise(logs, scale, out):
    # Nearest integers of (logarithm - scale[0]) * scale[1], halves up, limited to 8 bits.
    middle = scale[0]
    factor = scale[1]
    for i in range(len(out)):
        value = int((logs[i] - middle) * factor + 128.5)
        out[i] = (0 if value < 0 else 255 if value > 255 else value) - 128


def classify(x, weights, biases, shift, out):
    features = FEATURES
    convolve(x, weights, biases, shift, features)
    at = SEEN * FILTERS
    for k in range(len(out)):
        total = biases[FILTERS + k]
        for value in features:
            total += value * weights[at]
            at += 1
        out[k] = total


def convolve(x, weights, biases, shift, features):
    to = 0
    for place in range(POOLED):
        at = 0
        first = 2 * BANDS * place
        for k in range(FILTERS):
            one = other = 0
            for i in range(first, first + SEEN):
                weight = weights[at]
                one += x[i] * weight
                other += x[i + BANDS] * weight
                at += 1
            if other > one:
                one = other
            one = (one + biases[k]) >> shift
            features[to] = 0 if one < 0 else 127 if one > 127 else one
            to += 1
