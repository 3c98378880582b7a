# A radix-2 transform of integers of 16 bits, as a block with one exponent. Before each stage all numbers are
# halved or quartered where a sum of it might not fit; how often stands behind the spectrum. The products of
# a stage are rounded once, with the sum that they are part of.
#
# The table has minus the cosine and minus the sine of each twiddle factor in 1/32768, as -1 can be written
# so and 1 can not. All that is computed stays within the 31 bits of MicroPython's small integers.


def transform(src, table, out):
    n = len(table)
    reorder(src, out, n)
    exponent = 0
    half = 1
    while half < n:
        by = headroom(out, 2 * n)
        exponent += by
        stage(out, table, n, half, by)
        half *= 2
    out[2 * n] = exponent


def reorder(src, out, n):
    # Each number goes where the index with reversed bits is.
    j = 0
    for i in range(n):
        out[2 * j] = src[2 * i]
        out[2 * j + 1] = src[2 * i + 1]
        bit = n >> 1
        while j & bit:
            j ^= bit
            bit >>= 1
        j |= bit


def headroom(x, count):
    # How many bits a stage has to shift down: a part of a sum is at most 1 + sqrt(2) times the greatest.
    most = 0
    for i in range(count):
        value = x[i]
        if value < 0:
            value = -value
        if value > most:
            most = value
    return 0 if most <= 13572 else 1 if most <= 27144 else 2


def stage(x, table, n, half, by):
    rounding = (1 << by) >> 1
    step = n // half
    for k in range(half):
        c = table[k * step]
        s = table[k * step + 1]
        for a in range(2 * k, 2 * n, 4 * half):
            b = a + 2 * half
            re = (x[b] + rounding) >> by
            im = (x[b + 1] + rounding) >> by
            tr = c * re + s * im
            ti = s * re - c * im
            re = (((x[a] + rounding) >> by) << 15) + 0x4000
            im = (((x[a + 1] + rounding) >> by) << 15) + 0x4000
            x[a] = (re - tr) >> 15
            x[a + 1] = (im + ti) >> 15
            x[b] = (re + tr) >> 15
            x[b + 1] = (im - ti) >> 15
