# Integers of 32 bits through pointers. Bytes are loaded without a sign: (v ^ 0x80) - 0x80 gives it back.

from dense import dense

FEATURES = bytearray(56)


def classify(x, weights, biases, shift, out):
    convolve(x, weights, biases, shift)
    dense(weights, 480, FEATURES, biases, out)


@micropython.viper
def convolve(x: ptr8, weights: ptr8, biases: ptr32, shift: int):
    features = ptr8(FEATURES)
    to = 0
    place = 0
    while place < 7:
        at = 0
        k = 0
        while k < 8:
            one = 0
            other = 0
            i = 40 * place
            end = i + 60
            while i < end:
                weight = (weights[at] ^ 0x80) - 0x80
                one += ((x[i] ^ 0x80) - 0x80) * weight
                other += ((x[i + 20] ^ 0x80) - 0x80) * weight
                at += 1
                i += 1
            if other > one:
                one = other
            one = (one + biases[k]) >> shift
            if one < 0:
                one = 0
            if one > 127:
                one = 127
            features[to] = one
            to += 1
            k += 1
        place += 1
