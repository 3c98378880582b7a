# Q15 in 32 bits: the sum of the magnitudes of the taps must stay below 2.0, so that no sum overflows.
#
# Viper loads half-words without a sign: (v ^ 0x8000) - 0x8000 gives it back.


def decimate_q15(src, taps, out):
    n = len(taps)
    filtered(src, taps, out, n | (len(src) + 1 - n) // len(out) << 16, len(out))


@micropython.viper
def filtered(src: ptr16, taps: ptr16, out: ptr16, sizes: int, outputs: int):
    n = sizes & 0xFFFF
    down = sizes >> 16
    newest = n - 1
    for i in range(outputs):
        total = 0x4000
        at = newest
        for k in range(n):
            total += ((taps[k] ^ 0x8000) - 0x8000) * ((src[at] ^ 0x8000) - 0x8000)
            at -= 1
        total >>= 15
        if total > 32767:
            total = 32767
        if total < -32768:
            total = -32768
        out[i] = total
        newest += down
