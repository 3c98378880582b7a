# The bytes are an array already: it is copied as a whole. Swapping them has no such way.

from array import array


def int16_le(src, out):
    memoryview(out)[:] = array("h", src)
