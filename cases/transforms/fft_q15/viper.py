# Integers of 32 bits through pointers. Half-words are loaded without a sign: (v ^ 0x8000) - 0x8000 gives it
# back. The steps and the table are those of bytecode.py.


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


@micropython.viper
def reorder(src: ptr32, out: ptr32, n: int):
    # Real and imaginary part are one word.
    j = 0
    i = 0
    while i < n:
        out[j] = src[i]
        bit = n >> 1
        while j & bit:
            j ^= bit
            bit >>= 1
        j |= bit
        i += 1


@micropython.viper
def headroom(x: ptr16, count: int) -> int:
    most = 0
    i = 0
    while i < count:
        value = (x[i] ^ 0x8000) - 0x8000
        if value < 0:
            value = 0 - value
        if value > most:
            most = value
        i += 1
    if most <= 13572:
        return 0
    if most <= 27144:
        return 1
    return 2


@micropython.viper
def stage(x: ptr16, table: ptr16, n: int, half: int, by: int):
    rounding = (1 << by) >> 1
    step = n // half
    ends = 2 * n
    apart = 2 * half
    k = 0
    while k < half:
        c = (table[k * step] ^ 0x8000) - 0x8000
        s = (table[k * step + 1] ^ 0x8000) - 0x8000
        a = 2 * k
        while a < ends:
            b = a + apart
            re = (((x[b] ^ 0x8000) - 0x8000) + rounding) >> by
            im = (((x[b + 1] ^ 0x8000) - 0x8000) + rounding) >> by
            tr = c * re + s * im
            ti = s * re - c * im
            re = (((((x[a] ^ 0x8000) - 0x8000) + rounding) >> by) << 15) + 0x4000
            im = (((((x[a + 1] ^ 0x8000) - 0x8000) + rounding) >> by) << 15) + 0x4000
            x[a] = (re - tr) >> 15
            x[a + 1] = (im + ti) >> 15
            x[b] = (re + tr) >> 15
            x[b + 1] = (im - ti) >> 15
            a += 2 * apart
        k += 1
