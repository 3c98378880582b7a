# Pointers to bytes and half-words. ptr16 loads without a sign and in the core's own order, which is little-endian.
# A store through it keeps the lower 16 bits, so int16 needs no sign.


@micropython.viper
def int16_le(src: ptr16, out):
    n = int(len(out))
    to = ptr16(out)
    for i in range(n):
        to[i] = src[i]


@micropython.viper
def int16_be(src: ptr16, out):
    n = int(len(out))
    to = ptr16(out)
    for i in range(n):
        v = src[i]
        to[i] = v << 8 | v >> 8


@micropython.viper
def int24_le(src: ptr8, out):
    n = int(len(out))
    to = ptr32(out)
    at = 0
    for i in range(n):
        to[i] = (src[at] << 8 | src[at + 1] << 16 | src[at + 2] << 24) >> 8
        at += 3


@micropython.viper
def int24_be(src: ptr8, out):
    n = int(len(out))
    to = ptr32(out)
    at = 0
    for i in range(n):
        to[i] = (src[at] << 24 | src[at + 1] << 16 | src[at + 2] << 8) >> 8
        at += 3


@micropython.viper
def int12(src: ptr8, out):
    n = int(len(out))
    to = ptr16(out)
    at = 0
    i = 0
    while i < n:
        middle = src[at + 1]
        to[i] = ((src[at] | (middle & 15) << 8) ^ 0x800) - 0x800
        to[i + 1] = ((middle >> 4 | src[at + 2] << 4) ^ 0x800) - 0x800
        at += 3
        i += 2
