# Viper has no type for floats: they stay objects, and every operation on them is a call into the interpreter.
# What it saves is the loop's own arithmetic. Operations and order: natmods/iir/iir_python.py.


class Filter:
    def __init__(self, sos):
        self.sections = [[sos[i + k] for k in (0, 1, 2, 4, 5)] + [0.0, 0.0] for i in range(0, len(sos), 6)]

    def run(self, src, out):
        for section in self.sections:
            run(section, src, out, len(src))
            src = out


@micropython.viper
def run(section, src, out, n: int):
    b0 = section[0]
    b1 = section[1]
    b2 = section[2]
    a1 = section[3]
    a2 = section[4]
    s1 = section[5]
    s2 = section[6]
    for i in range(n):
        x = src[i]
        y = b0 * x + s1
        s1 = (b1 * x - a1 * y) + s2
        s2 = b2 * x - a2 * y
        out[i] = y
    section[5] = s1
    section[6] = s2


new = Filter
