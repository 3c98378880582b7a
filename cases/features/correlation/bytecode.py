# out[k] is the sum of x[k + i] * pattern[i]. Sums of products of 12 bits stay within a small int of 31 bits.


def correlate(x, pattern, out):
    n = len(pattern)
    for k in range(len(x) - n + 1):
        total = 0
        for i in range(n):
            total += x[k + i] * pattern[i]
        out[k] = total


def correlate_f32(x, pattern, out):
    n = len(pattern)
    for k in range(len(x) - n + 1):
        total = 0.0
        for i in range(n):
            total += x[k + i] * pattern[i]
        out[k] = total


def lag(x, pattern, out):
    # Where the greatest is, the first of them if there are several, and how great; nothing is stored on the way.
    n = len(pattern)
    at = 0
    for k in range(len(x) - n + 1):
        total = 0
        for i in range(n):
            total += x[k + i] * pattern[i]
        if k == 0 or total > best:
            best = total
            at = k
    out[0] = at
    out[1] = best
