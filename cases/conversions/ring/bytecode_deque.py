from collections import deque

HOP = const(32)
WINDOW = const(128)


def windows(samples, out):
    kept = deque((), WINDOW)
    for _ in range(WINDOW):
        kept.append(0)
    to = 0
    for at in range(0, len(samples), HOP):
        for i in range(at, at + HOP):
            kept.append(samples[i])
        for value in kept:
            out[to] = value
            to += 1
