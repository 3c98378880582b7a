# Integers of 32 bits through pointers. Half-words are loaded without a sign: (v ^ 0x8000) - 0x8000 gives it back.
# Sums may wrap on their way; what comes out of a section before it saturates is below 4.0, which fits.

import array


class Filter:
    def __init__(self, sections):
        self.sections = [
            array.array("i", [sections[i + k] for k in (0, 1, 2, 4, 5)] + [0, 0, 0, 0, 0x2000])
            for i in range(0, len(sections), 6)
        ]

    def run(self, src, out):
        for section in self.sections:
            run_section(section, src, out, len(out))
            src = out


@micropython.viper
def run_section(section: ptr32, src: ptr16, out: ptr16, n: int):
    b0 = section[0]
    b1 = section[1]
    b2 = section[2]
    a1 = section[3]
    a2 = section[4]
    x1 = section[5]
    x2 = section[6]
    y1 = section[7]
    y2 = section[8]
    e = section[9]
    for i in range(n):
        x = (src[i] ^ 0x8000) - 0x8000
        total = b0 * x + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2 + e
        e = total & 0x3FFF
        y = total >> 14
        if y > 32767:
            y = 32767
        if y < -32768:
            y = -32768
        x2 = x1
        x1 = x
        y2 = y1
        y1 = y
        out[i] = y
    section[5] = x1
    section[6] = x2
    section[7] = y1
    section[8] = y2
    section[9] = e


class Dc:
    def __init__(self, shift):
        self.state = array.array("i", (shift, 1 << shift - 1))

    def run(self, src, out):
        run_dc(self.state, src, out, len(out))


@micropython.viper
def run_dc(state: ptr32, src: ptr16, out: ptr16, n: int):
    shift = state[0]
    mean = state[1]
    for i in range(n):
        y = (src[i] ^ 0x8000) - 0x8000 - (mean >> shift)
        mean += y
        if y > 32767:
            y = 32767
        if y < -32768:
            y = -32768
        out[i] = y
    state[1] = mean


new = Filter
new_dc = Dc
