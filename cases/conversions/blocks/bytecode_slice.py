BLOCK = const(64)


def sums(samples, out):
    i = 0
    for at in range(0, len(samples), BLOCK):
        out[i] = sum(samples[at : at + BLOCK])
        i += 1
