# Pointers and 32-bit integers. Half-words are loaded without a sign: (v ^ 0x8000) - 0x8000 gives it back.


@micropython.viper
def mean_square(src, out: ptr32):
    n = int(len(src))
    data = ptr16(src)
    total = 0
    for i in range(n):
        value = (data[i] ^ 0x8000) - 0x8000
        total += value * value
    out[0] = total // n


@micropython.viper
def crossings(src, out: ptr32):
    n = int(len(src))
    data = ptr16(src)
    count = 0
    before = data[0] >> 15
    for i in range(n):
        sign = data[i] >> 15
        count += sign ^ before
        before = sign
    out[0] = count


@micropython.viper
def moving_average(src, out: ptr16):
    n = int(len(src))
    data = ptr16(src)
    total = 0
    for i in range(n):
        total += (data[i] ^ 0x8000) - 0x8000
        if i >= 16:
            total -= (data[i - 16] ^ 0x8000) - 0x8000
        out[i] = total >> 4


@micropython.viper
def median5(src, out: ptr16):
    # Of unsigned numbers, which have the same order with the sign turned. What is neither of the least two of pairs nor
    # of the greatest two is left: Smith's network of seven exchanges.
    n = int(len(src))
    data = ptr16(src)
    for i in range(n):
        if i < 2 or i >= n - 2:
            out[i] = data[i]
        else:
            a = data[i - 2] ^ 0x8000
            b = data[i - 1] ^ 0x8000
            c = data[i] ^ 0x8000
            d = data[i + 1] ^ 0x8000
            e = data[i + 2] ^ 0x8000
            if a > b:
                t = a
                a = b
                b = t
            if d > e:
                t = d
                d = e
                e = t
            if a > d:
                d = a
            if b > e:
                b = e
            # The median of b, c, d.
            if b > c:
                t = b
                b = c
                c = t
            if c > d:
                c = d
            if b > c:
                c = b
            out[i] = c ^ 0x8000
