# A number at a time: a slice of the bytes, and a tuple of what it holds.

from struct import unpack


def int16_le(src, out):
    for i in range(len(out)):
        out[i] = unpack("<h", src[2 * i : 2 * i + 2])[0]


def int16_be(src, out):
    for i in range(len(out)):
        out[i] = unpack(">h", src[2 * i : 2 * i + 2])[0]


def int24_le(src, out):
    # Into the upper three bytes of four, for the sign.
    word = bytearray(4)
    for i in range(len(out)):
        word[1:] = src[3 * i : 3 * i + 3]
        out[i] = unpack("<i", word)[0] >> 8


def int24_be(src, out):
    word = bytearray(4)
    for i in range(len(out)):
        word[:3] = src[3 * i : 3 * i + 3]
        out[i] = unpack(">i", word)[0] >> 8
