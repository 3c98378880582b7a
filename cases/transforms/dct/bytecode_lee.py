# Lee's recursion (IEEE Trans. ASSP 32, 1984): a transform of n is two of n/2, so n * log2(n) / 2 products.


def dct(src, table, out):
    n = len(src)
    scale = table[0]
    sums = transform(list(src), table, 1)
    out[0] = sums[0] * table[4 * n]
    for k in range(1, n):
        out[k] = sums[k] * scale


def transform(x, table, step):
    n = len(x)
    if n == 1:
        return x
    half = n // 2
    sums = []
    apart = []
    for i in range(half):
        a = x[i]
        b = x[n - 1 - i]
        sums.append(a + b)
        # Over twice the cosine; table[0] is what all cosines of the table are scaled by.
        apart.append((a - b) * table[0] / (2.0 * table[(2 * i + 1) * step]))
    even = transform(sums, table, 2 * step)
    odd = transform(apart, table, 2 * step)
    last = 0.0
    for k in range(half - 1, -1, -1):
        x[2 * k] = even[k]
        x[2 * k + 1] = odd[k] + last
        last = odd[k]
    return x
