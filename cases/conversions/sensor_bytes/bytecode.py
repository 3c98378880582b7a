# Byte by byte. (v ^ top) - top gives the sign to a number of fewer bits than an int has.


def int16_le(src, out):
    at = 0
    for i in range(len(out)):
        out[i] = ((src[at] | src[at + 1] << 8) ^ 0x8000) - 0x8000
        at += 2


def int16_be(src, out):
    at = 0
    for i in range(len(out)):
        out[i] = ((src[at] << 8 | src[at + 1]) ^ 0x8000) - 0x8000
        at += 2


def int24_le(src, out):
    at = 0
    for i in range(len(out)):
        out[i] = ((src[at] | src[at + 1] << 8 | src[at + 2] << 16) ^ 0x800000) - 0x800000
        at += 3


def int24_be(src, out):
    at = 0
    for i in range(len(out)):
        out[i] = ((src[at] << 16 | src[at + 1] << 8 | src[at + 2]) ^ 0x800000) - 0x800000
        at += 3


def int12(src, out):
    at = 0
    for i in range(0, len(out), 2):
        middle = src[at + 1]
        out[i] = ((src[at] | (middle & 15) << 8) ^ 0x800) - 0x800
        out[i + 1] = ((middle >> 4 | src[at + 2] << 4) ^ 0x800) - 0x800
        at += 3
