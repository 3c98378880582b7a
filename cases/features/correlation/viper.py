# Integers of 32 bits through pointers. Half-words are loaded without a sign: (v ^ 0x8000) - 0x8000 gives it back.
# The index is a name of its own, not one of the first three: docs/workloads/conversions.md has why.


def correlate(x, pattern, out):
    for k in range(len(x) - len(pattern) + 1):
        out[k] = product(x, k, pattern, len(pattern))


def lag(x, pattern, out):
    find(x, pattern, len(pattern), len(x) - len(pattern) + 1, out)


@micropython.viper
def product(x: ptr16, k: int, pattern: ptr16, n: int) -> int:
    total = 0
    i = 0
    while i < n:
        here = k + i
        total += ((x[here] ^ 0x8000) - 0x8000) * ((pattern[i] ^ 0x8000) - 0x8000)
        i += 1
    return total


@micropython.viper
def find(x: ptr16, pattern: ptr16, n: int, lags: int, out: ptr32):
    best = -0x3FFFFFFF  # the least that is an integer here and no object; sums of 12 bits are above it
    at = 0
    k = 0
    while k < lags:
        total = 0
        i = 0
        while i < n:
            here = k + i
            total += ((x[here] ^ 0x8000) - 0x8000) * ((pattern[i] ^ 0x8000) - 0x8000)
            i += 1
        if total > best:
            best = total
            at = k
        k += 1
    out[0] = at
    out[1] = best
