# Direct form I: the state of a section is its last two inputs and outputs, and e, what the last shift has cut off,
# which the next sum gets back; it begins with its mean, half a step. Coefficients are b0, b1, b2, a0, a1, a2 in Q14,
# so a0 is 16384.


class Filter:
    def __init__(self, sections):
        self.sections = [
            [sections[i + k] for k in (0, 1, 2, 4, 5)] + [0, 0, 0, 0, 0x2000] for i in range(0, len(sections), 6)
        ]

    def run(self, src, out):
        for section in self.sections:
            run_section(section, src, out)
            src = out


def run_section(section, src, out):
    b0, b1, b2, a1, a2, x1, x2, y1, y2, e = section
    for i in range(len(out)):
        x = src[i]
        total = b0 * x + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2 + e
        e = total & 0x3FFF
        y = total >> 14
        if y > 32767:
            y = 32767
        elif y < -32768:
            y = -32768
        x2 = x1
        x1 = x
        y2 = y1
        y1 = y
        out[i] = y
    section[5:] = [x1, x2, y1, y2, e]


class Dc:
    # mean has as many more bits as it is slow: it moves by 1/2**shift of how far a sample is away.
    def __init__(self, shift):
        self.state = [shift, 1 << shift - 1]

    def run(self, src, out):
        run_dc(self.state, src, out)


def run_dc(state, src, out):
    shift, mean = state
    for i in range(len(out)):
        y = src[i] - (mean >> shift)
        mean += y
        if y > 32767:
            y = 32767
        elif y < -32768:
            y = -32768
        out[i] = y
    state[1] = mean


new = Filter
new_dc = Dc
