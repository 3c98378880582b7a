from array import array

HOP = const(32)
WINDOW = const(128)


def windows(samples, out):
    kept = memoryview(array("h", bytes(2 * WINDOW)))
    samples = memoryview(samples)
    head = 0
    to = 0
    for at in range(0, len(samples), HOP):
        kept[head : head + HOP] = samples[at : at + HOP]
        head = (head + HOP) % WINDOW
        middle = to + WINDOW - head
        out[to:middle] = kept[head:]
        if head:
            out[middle : to + WINDOW] = kept[:head]
        to += WINDOW
