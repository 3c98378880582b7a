BLOCK = const(64)


def sums(samples, out):
    view = memoryview(samples)
    i = 0
    for at in range(0, len(samples), BLOCK):
        out[i] = sum(view[at : at + BLOCK])
        i += 1
