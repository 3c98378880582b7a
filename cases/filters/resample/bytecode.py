# Two samples out for three in. Each output is a sum over the newest samples with one of the two phases of the
# taps. src begins with the past, one sample less than a phase has taps.


def resample(src, taps, out):
    n = len(taps) // 2
    newest = n - 1
    phase = 0
    for m in range(len(out)):
        total = 0.0
        at = newest
        for k in range(phase, phase + n):
            total += taps[k] * src[at]
            at -= 1
        out[m] = total
        # Three steps of the doubled rate on: one sample and the other phase, or two samples.
        if phase:
            newest += 2
            phase = 0
        else:
            newest += 1
            phase = n


def resample_q15(src, taps, out):
    n = len(taps) // 2
    newest = n - 1
    phase = 0
    for m in range(len(out)):
        total = 0x4000
        at = newest
        for k in range(phase, phase + n):
            total += taps[k] * src[at]
            at -= 1
        total >>= 15
        out[m] = 32767 if total > 32767 else -32768 if total < -32768 else total
        if phase:
            newest += 2
            phase = 0
        else:
            newest += 1
            phase = n
