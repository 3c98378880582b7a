# What a bytearray holds, seen as int16: no second block of the size.

import uctypes


def zeros(n):
    return bytearray(2 * n)


def ramp(n):
    made = bytearray(2 * n)
    numbers = uctypes.struct(uctypes.addressof(made), {"n": (uctypes.ARRAY, uctypes.INT16 | n)}).n
    for i in range(n):
        numbers[i] = i
    return made
