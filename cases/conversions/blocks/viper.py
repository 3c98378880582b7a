BLOCK = const(64)


def sums(samples, out):
    view = memoryview(samples)
    i = 0
    for at in range(0, len(samples), BLOCK):
        out[i] = total(view[at : at + BLOCK])
        i += 1


@micropython.viper
def total(block: ptr16) -> int:
    found = 0
    for i in range(BLOCK):
        found += (block[i] ^ 0x8000) - 0x8000
    return found
