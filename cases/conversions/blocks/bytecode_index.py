BLOCK = const(64)


def sums(samples, out):
    i = 0
    for at in range(0, len(samples), BLOCK):
        out[i] = total(samples, at)
        i += 1


def total(samples, at):
    found = 0
    for i in range(at, at + BLOCK):
        found += samples[i]
    return found
