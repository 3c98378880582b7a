# Each function as one writes it first. bytecode_after.py has the same names.

from array import array

SCALE = 3
FACTOR = 3


class Sensor:
    def __init__(self):
        self.offset = 5


SENSOR = Sensor()


def constants(src, out):
    # A name of the module is looked up in a dictionary each time.
    for i in range(len(out)):
        out[i] = src[i] * FACTOR


def references(src, out):
    # An attribute of an object in a global name: two look-ups a turn.
    for i in range(len(out)):
        out[i] = src[i] + SENSOR.offset


def local_names(src, out):
    # Names of a module, not of a function.
    global position
    position = 0
    for value in src:
        out[position] = value + SCALE
        position += 1


def bound_methods(src, out):
    found = []
    for value in src:
        found.append(value)
    out[0] = len(found)


def while_loops(src, out):
    i = 0
    while i < len(out):
        out[i] = src[i]
        i += 1


def preallocated(src, out):
    # A new list for each block.
    for at in range(0, len(src), 32):
        block = []
        for i in range(at, at + 32):
            block.append(src[i] + 1)
        out[at // 32] = sum(block)


def slices(src, out):
    for at in range(0, len(src), 32):
        out[at // 32] = max(src[at : at + 32])


def read_into(src, out):
    from io import BytesIO

    stream = BytesIO(bytes(src))
    for i in range(len(src) // 32):
        out[i] = max(array("h", stream.read(64)))


def integers(src, out):
    # A float is an object on the heap.
    for i in range(len(out)):
        out[i] = int(src[i] * 0.75)


def formatting(src, out):
    for i in range(16):
        out[i] = len("%d,%d" % (src[i], src[i + 1]))


def concatenation(src, out):
    text = ""
    for value in src:
        text += chr(65 + value % 26)
    out[0] = len(text)


def keyword_arguments(src, out):
    for i in range(len(out)):
        out[i] = clipped(src[i], low=-500, high=500)


def clipped(value, low, high):
    return low if value < low else high if value > high else value


def exceptions(src, out):
    # An exception for each key that is missing.
    known = {0: 1}
    for i in range(len(out)):
        try:
            out[i] = known[src[i]]
        except KeyError:
            out[i] = 0


def builtin_sum(src, out):
    total = 0
    for value in src:
        total += value
    out[0] = total & 0x7FFF


def native_code(src, out):
    for i in range(len(out)):
        out[i] = (src[i] * 3 + 7) >> 1


def viper_pointers(src, out):
    for i in range(len(out)):
        out[i] = (src[i] * 3 + 7) >> 1


def viper_types(src, out):
    total = 0
    for value in src:
        total = (total * 5 + value) & 0xFFFF
    out[0] = total & 0x7FFF


def registers(src, out):
    # A register as one reaches it with `machine.mem32`: an index into an object. Here it is a word of the heap.
    for i in range(len(out)):
        out[0] = i & 1


def collected(src, out):
    # Garbage is collected when the heap is full, in the middle of something.
    for i in range(64):
        block = [src[i]] * 64
        out[i] = block[63]


def frozen_bytes(src, out):
    # A tuple of numbers that is made in the function is a constant; a list is made anew.
    for i in range(len(out)):
        out[i] = [3, 1, 4, 1, 5, 9, 2, 6][i & 7]


def comprehension(src, out):
    found = []
    for value in src:
        found.append(value * 2)
    out[0] = found[0]


def floor_division(src, out):
    for i in range(len(out)):
        out[i] = src[i] // 8
