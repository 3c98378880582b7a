# Integers of 32 bits through pointers. Bytes are loaded without a sign: (v ^ 0x80) - 0x80 gives it back; pixels and
# features have none.

from array import array

from dense import dense

FIRST_OUT = bytearray(13 * 13 * 4)
SECOND_OUT = bytearray(5 * 5 * 8)
# Of a layer: side, channels, filters, its first weight, its first bias, shift.
FIRST = array("i", (28, 1, 4, 0, 0, 0))
SECOND = array("i", (13, 4, 8, 36, 4, 0))


def classify(x, weights, biases, shifts, out):
    FIRST[5], SECOND[5] = shifts
    convolve(x, weights, biases, FIRST, FIRST_OUT)
    convolve(FIRST_OUT, weights, biases, SECOND, SECOND_OUT)
    dense(weights, 324, SECOND_OUT, biases, out)


@micropython.viper
def convolve(x: ptr8, weights: ptr8, biases: ptr32, plan: ptr32, out: ptr8):
    side = plan[0]
    channels = plan[1]
    filters = plan[2]
    shift = plan[5]
    line = side * channels
    seen = 3 * channels
    pooled = (side - 2) >> 1
    to = 0
    row = 0
    while row < pooled:
        column = 0
        while column < pooled:
            corner = 2 * (row * line + column * channels)
            at = plan[3]
            k = 0
            while k < filters:
                most = -0x3FFFFFFF
                place = 0
                while place < 4:
                    i = corner + (place & 1) * channels + (place >> 1) * line
                    j = at
                    total = 0
                    rows = 0
                    while rows < 3:
                        end = j + seen
                        while j < end:
                            total += x[i] * ((weights[j] ^ 0x80) - 0x80)
                            i += 1
                            j += 1
                        i += line - seen
                        rows += 1
                    if total > most:
                        most = total
                    place += 1
                most = (most + biases[plan[4] + k]) >> shift
                if most < 0:
                    most = 0
                if most > 127:
                    most = 127
                out[to] = most
                to += 1
                at += 3 * seen
                k += 1
            column += 1
        row += 1
