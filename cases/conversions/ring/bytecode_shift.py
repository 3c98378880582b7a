from array import array

HOP = const(32)
WINDOW = const(128)


def windows(samples, out):
    kept = memoryview(array("h", bytes(2 * WINDOW)))
    samples = memoryview(samples)
    old, room, rest = kept[HOP:], kept[: WINDOW - HOP], kept[WINDOW - HOP :]
    to = 0
    for at in range(0, len(samples), HOP):
        room[:] = old
        rest[:] = samples[at : at + HOP]
        out[to : to + WINDOW] = kept
        to += WINDOW
