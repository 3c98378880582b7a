# Integers of 32 bits through pointers. Half-words are loaded without a sign: (v ^ 0x8000) - 0x8000 gives it
# back.


@micropython.viper
def dct_q16(src, table: ptr16, out: ptr16):
    n = int(len(src))
    x = ptr16(src)
    turn = 4 * n
    total = 0
    for i in range(n):
        total += (x[i] ^ 0x8000) - 0x8000
    out[0] = (total * table[turn] + 0x8000) >> 16
    for k in range(1, n):
        total = 0x8000
        at = k
        for i in range(n):
            total += ((x[i] ^ 0x8000) - 0x8000) * ((table[at] ^ 0x8000) - 0x8000)
            at += 2 * k
            if at >= turn:
                at -= turn
        out[k] = total >> 16
