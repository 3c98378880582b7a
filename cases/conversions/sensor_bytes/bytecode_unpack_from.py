# A number at a time, without a slice.

from struct import unpack_from


def int16_le(src, out):
    for i in range(len(out)):
        out[i] = unpack_from("<h", src, 2 * i)[0]


def int16_be(src, out):
    for i in range(len(out)):
        out[i] = unpack_from(">h", src, 2 * i)[0]
