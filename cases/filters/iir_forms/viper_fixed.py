# Viper on integers: samples and state in Q26 (32-bit words, 1.0 is 2**26, 30 dB above that before it wraps),
# coefficients in Q30 (-2.0 up to 2.0).
#
# A product of 32 bits by 32 has 64, and viper has 32. So both factors are split, high half signed:
#
#   (a * b) >> 30  is  (ah * bh << 2) + (ah * bl >> 14) + (al * bh >> 14)
#
# less what al * bl, which is left out, and the two shifts round down: at most six steps of Q26 in all.

import array


class Filter:
    def __init__(self, sos):
        self.sections = []
        for i in range(0, len(sos), 6):
            b0, b1, b2, _, a1, a2 = sos[i : i + 6]
            words = array.array("i")
            for c in (b0, b1, b2, -a1, -a2):
                q30 = round(c * (1 << 30))
                words.extend(array.array("i", (q30 >> 16, q30 & 0xFFFF)))
            self.sections.append(words)
            words.extend(array.array("i", (0, 0)))

    def run(self, src, out):
        for section in self.sections:
            run(section, src, out, len(src))
            src = out


@micropython.viper
def run(section: ptr32, src: ptr32, out: ptr32, n: int):
    b0h = section[0]
    b0l = section[1]
    b1h = section[2]
    b1l = section[3]
    b2h = section[4]
    b2l = section[5]
    a1h = section[6]
    a1l = section[7]
    a2h = section[8]
    a2l = section[9]
    s1 = section[10]
    s2 = section[11]
    for i in range(n):
        x = src[i]
        xh = x >> 16
        xl = x & 0xFFFF
        y = (b0h * xh << 2) + (b0h * xl >> 14) + (b0l * xh >> 14) + s1
        yh = y >> 16
        yl = y & 0xFFFF
        s1 = (b1h * xh << 2) + (b1h * xl >> 14) + (b1l * xh >> 14) + s2
        s1 += (a1h * yh << 2) + (a1h * yl >> 14) + (a1l * yh >> 14)
        s2 = (b2h * xh << 2) + (b2h * xl >> 14) + (b2l * xh >> 14)
        s2 += (a2h * yh << 2) + (a2h * yl >> 14) + (a2l * yh >> 14)
        out[i] = y
    section[10] = s1
    section[11] = s2


new = Filter
