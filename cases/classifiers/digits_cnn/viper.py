# Integers of 32 bits through pointers. Bytes are loaded without a sign: (v ^ 0x80) - 0x80 gives it back.

from dense import dense

FEATURES = bytearray(72)


def classify(x, weights, biases, shift, out):
    convolve(x, weights, biases, shift)
    dense(weights, 72, FEATURES, biases, out)


@micropython.viper
def convolve(x: ptr8, weights: ptr8, biases: ptr32, shift: int):
    features = ptr8(FEATURES)
    to = 0
    row = 0
    while row < 48:
        corner = row
        while corner < row + 6:
            k = 0
            while k < 8:
                most = -0x3FFFFFFF
                place = 0
                while place < 4:
                    i = corner + (place & 1) + 4 * (place & 2)
                    at = 9 * k
                    end = at + 9
                    total = 0
                    while at < end:
                        total += x[i] * ((weights[at] ^ 0x80) - 0x80)
                        total += x[i + 1] * ((weights[at + 1] ^ 0x80) - 0x80)
                        total += x[i + 2] * ((weights[at + 2] ^ 0x80) - 0x80)
                        at += 3
                        i += 8
                    if total > most:
                        most = total
                    place += 1
                most = (most + biases[k]) >> shift
                if most < 0:
                    most = 0
                if most > 127:
                    most = 127
                features[to] = most
                to += 1
                k += 1
            corner += 2
        row += 16
