HOP = const(32)
WINDOW = const(128)


def windows(samples, out):
    kept = [0] * WINDOW
    to = 0
    for at in range(0, len(samples), HOP):
        for i in range(at, at + HOP):
            kept.pop(0)
            kept.append(samples[i])
        for value in kept:
            out[to] = value
            to += 1
