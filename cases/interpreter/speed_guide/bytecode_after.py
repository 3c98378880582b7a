# Each function of bytecode_before.py as the guide advises.

from array import array

from micropython import const

_FACTOR = const(3)
SCALE = 3


class Sensor:
    def __init__(self):
        self.offset = 5


SENSOR = Sensor()
BLOCK = array("h", bytes(64))


def constants(src, out):
    # The compiler puts the number in.
    for i in range(len(out)):
        out[i] = src[i] * _FACTOR


def references(src, out):
    offset = SENSOR.offset
    for i in range(len(out)):
        out[i] = src[i] + offset


def local_names(src, out):
    position = 0
    scale = SCALE
    for value in src:
        out[position] = value + scale
        position += 1


def bound_methods(src, out):
    found = []
    append = found.append
    for value in src:
        append(value)
    out[0] = len(found)


def while_loops(src, out):
    for i in range(len(out)):
        out[i] = src[i]


def preallocated(src, out):
    block = BLOCK
    for at in range(0, len(src), 32):
        for i in range(32):
            block[i] = src[at + i] + 1
        out[at // 32] = sum(block)


def slices(src, out):
    view = memoryview(src)
    for at in range(0, len(src), 32):
        out[at // 32] = max(view[at : at + 32])


def read_into(src, out):
    from io import BytesIO

    stream = BytesIO(bytes(src))
    block = BLOCK
    for i in range(len(src) // 32):
        stream.readinto(block)
        out[i] = max(block)


def integers(src, out):
    # Three quarters, rounded towards zero as int() does.
    for i in range(len(out)):
        value = src[i] * 3
        out[i] = value >> 2 if value >= 0 else -(-value >> 2)


def formatting(src, out):
    for i in range(16):
        out[i] = len(str(src[i])) + 1 + len(str(src[i + 1]))


def concatenation(src, out):
    text = bytearray(len(src))
    i = 0
    for value in src:
        text[i] = 65 + value % 26
        i += 1
    out[0] = len(text)


def keyword_arguments(src, out):
    for i in range(len(out)):
        out[i] = clipped(src[i], -500, 500)


def clipped(value, low, high):
    return low if value < low else high if value > high else value


def exceptions(src, out):
    known = {0: 1}
    for i in range(len(out)):
        out[i] = known.get(src[i], 0)


def builtin_sum(src, out):
    out[0] = sum(src) & 0x7FFF


@micropython.native
def native_code(src, out):
    for i in range(len(out)):
        out[i] = (src[i] * 3 + 7) >> 1


@micropython.viper
def viper_pointers(src: ptr16, out: ptr16):
    # The index must not be one of the first three names, which are kept in registers: in MicroPython 1.26 and 1.27 the
    # second access by such a name goes elsewhere (micropython#18800).
    n = 256
    for i in range(n):
        out[i] = (((src[i] ^ 0x8000) - 0x8000) * 3 + 7) >> 1


@micropython.viper
def viper_types(src, out):
    total = 0
    for i in range(256):
        total = (total * 5 + int(src[i])) & 0xFFFF
    out[0] = total & 0x7FFF


@micropython.viper
def registers(src, out: ptr16):
    for i in range(256):
        out[0] = i & 1


def collected(src, out):
    import gc

    gc.collect()
    block = [0] * 64
    for i in range(64):
        for k in range(64):
            block[k] = src[i]
        out[i] = block[63]


def frozen_bytes(src, out):
    for i in range(len(out)):
        out[i] = b"\x03\x01\x04\x01\x05\x09\x02\x06"[i & 7]


def comprehension(src, out):
    found = [value * 2 for value in src]
    out[0] = found[0]


def floor_division(src, out):
    for i in range(len(out)):
        out[i] = src[i] >> 3
