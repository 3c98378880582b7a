from array import array
from io import BytesIO

BLOCK = const(64)


def sums(data, out):
    stream = BytesIO(data)
    block = array("h", bytes(2 * BLOCK))
    for i in range(len(out)):
        stream.readinto(block)
        out[i] = sum(block)
