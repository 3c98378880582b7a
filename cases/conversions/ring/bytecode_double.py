from array import array

HOP = const(32)
WINDOW = const(128)


def windows(samples, out):
    kept = memoryview(array("h", bytes(4 * WINDOW)))
    samples = memoryview(samples)
    head = 0
    to = 0
    for at in range(0, len(samples), HOP):
        block = samples[at : at + HOP]
        kept[head : head + HOP] = block
        kept[head + WINDOW : head + WINDOW + HOP] = block
        head = (head + HOP) % WINDOW
        out[to : to + WINDOW] = kept[head : head + WINDOW]
        to += WINDOW
