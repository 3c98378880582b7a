# Integers of 32 bits through pointers: the magnitudes of a phase's taps add up to less than 2.0, so no sum
# overflows. Half-words are loaded without a sign: (v ^ 0x8000) - 0x8000 gives it back.


def resample_q15(src, taps, out):
    run(src, taps, out, len(taps) // 2, len(out))


@micropython.viper
def run(src: ptr16, taps: ptr16, out: ptr16, n: int, outputs: int):
    newest = n - 1
    phase = 0
    for m in range(outputs):
        total = 0x4000
        at = newest
        k = phase
        end = phase + n
        while k < end:
            total += ((taps[k] ^ 0x8000) - 0x8000) * ((src[at] ^ 0x8000) - 0x8000)
            at -= 1
            k += 1
        total >>= 15
        if total > 32767:
            total = 32767
        if total < -32768:
            total = -32768
        out[m] = total
        if phase:
            newest += 2
            phase = 0
        else:
            newest += 1
            phase = n
