# One sample of several, by a low-pass: src begins with the past, one sample less than there are taps.


def decimate(src, taps, out):
    n = len(taps)
    down = (len(src) + 1 - n) // len(out)
    newest = n - 1
    for i in range(len(out)):
        total = 0.0
        at = newest
        for tap in taps:
            total += tap * src[at]
            at -= 1
        out[i] = total
        newest += down


def decimate_q15(src, taps, out):
    n = len(taps)
    down = (len(src) + 1 - n) // len(out)
    newest = n - 1
    for i in range(len(out)):
        total = 0x4000
        at = newest
        for tap in taps:
            total += tap * src[at]
            at -= 1
        total >>= 15
        out[i] = 32767 if total > 32767 else -32768 if total < -32768 else total
        newest += down
