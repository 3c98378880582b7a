# All numbers at once, as a tuple.

from struct import unpack


def int16_le(src, out):
    i = 0
    for value in unpack("<%dh" % len(out), src):
        out[i] = value
        i += 1


def int16_be(src, out):
    i = 0
    for value in unpack(">%dh" % len(out), src):
        out[i] = value
        i += 1
