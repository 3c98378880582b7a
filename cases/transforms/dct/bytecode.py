# The sum of x[i] * cos(pi * (2*i + 1) * k / (2*n)), scaled. The table has the cosines of a whole turn in
# 4*n steps, times sqrt(2/n), and behind them sqrt(1/n), by which the sum for k = 0 is scaled.


def dct(src, table, out):
    turn = 4 * len(src)
    total = 0.0
    for value in src:
        total += value
    out[0] = total * table[turn]
    for k in range(1, len(src)):
        total = 0.0
        at = k
        for value in src:
            total += value * table[at]
            at += 2 * k
            if at >= turn:
                at -= turn
        out[k] = total


def dct_q16(src, table, out):
    # Integers of 12 bits and a table in 1/65536, so that 32 bits hold the sums of 32 products.
    turn = 4 * len(src)
    total = 0
    for value in src:
        total += value
    out[0] = (total * table[turn] + 0x8000) >> 16
    for k in range(1, len(src)):
        total = 0x8000
        at = k
        for value in src:
            total += value * table[at]
            at += 2 * k
            if at >= turn:
                at -= turn
        out[k] = total >> 16
