# Three sections in one loop over the array: each sample is read and written once, all else is in local names.
# The operations and their order are those of natmods/iir/iir_python.py.


class Filter:
    def __init__(self, sos):
        if len(sos) != 18:
            raise ValueError("three sections are wanted")
        self.sos = sos
        self.state = [0.0] * 6

    def run(self, src, out):
        b00, b01, b02, _, a01, a02, b10, b11, b12, _, a11, a12, b20, b21, b22, _, a21, a22 = self.sos
        s01, s02, s11, s12, s21, s22 = self.state
        i = 0
        for x in src:
            y = b00 * x + s01
            s01 = (b01 * x - a01 * y) + s02
            s02 = b02 * x - a02 * y
            z = b10 * y + s11
            s11 = (b11 * y - a11 * z) + s12
            s12 = b12 * y - a12 * z
            w = b20 * z + s21
            s21 = (b21 * z - a21 * w) + s22
            s22 = b22 * z - a22 * w
            out[i] = w
            i += 1
        self.state = [s01, s02, s11, s12, s21, s22]


new = Filter
