# The bytes seen as an array of a structure: nothing is converted, the numbers are read where they lie.

import uctypes


def int16_le(src, out):
    numbers = uctypes.struct(uctypes.addressof(src), {"n": (uctypes.ARRAY, uctypes.INT16 | len(out))}).n
    for i in range(len(out)):
        out[i] = numbers[i]


def int16_be(src, out):
    layout = {"n": (uctypes.ARRAY, uctypes.INT16 | len(out))}
    numbers = uctypes.struct(uctypes.addressof(src), layout, uctypes.BIG_ENDIAN).n
    for i in range(len(out)):
        out[i] = numbers[i]
