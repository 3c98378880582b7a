# The kernels of kernels.c in Python, with the same results: of integers to the bit. They are written as one writes
# loops for MicroPython, with names looked up once, but without tricks that cost readability.

from array import array


def nothing(src, coefs, table, out):
    pass


def _multiply_add(src, coefs, table, out):
    total = 0
    for i in range(len(src)):
        total += src[i] * coefs[i]
    out[0] = total


multiply_add_int8 = multiply_add_int16 = multiply_add_float32 = _multiply_add


def _convolution(src, k, table, out, shift):
    width, rows = table[0], table[1]
    k0, k1, k2, k3, k4, k5, k6, k7, k8 = k
    at = 0
    most = (1 << shift) - 1
    least = -most - 1
    for y in range(rows - 2):
        a = y * width
        b = a + width
        c = b + width
        for x in range(width - 2):
            total = src[a] * k0 + src[a + 1] * k1 + src[a + 2] * k2
            total += src[b] * k3 + src[b + 1] * k4 + src[b + 2] * k5
            total += src[c] * k6 + src[c + 1] * k7 + src[c + 2] * k8
            total >>= shift
            out[at] = least if total < least else most if total > most else total
            a += 1
            b += 1
            c += 1
            at += 1


def convolution_int8(src, coefs, table, out):
    _convolution(src, coefs, table, out, 7)


def convolution_int16(src, coefs, table, out):
    _convolution(src, coefs, table, out, 15)


def convolution_float32(src, k, table, out):
    width, rows = table[0], table[1]
    k0, k1, k2, k3, k4, k5, k6, k7, k8 = k
    at = 0
    for y in range(rows - 2):
        a = y * width
        b = a + width
        c = b + width
        for x in range(width - 2):
            total = src[a] * k0 + src[a + 1] * k1 + src[a + 2] * k2
            total += src[b] * k3 + src[b + 1] * k4 + src[b + 2] * k5
            total += src[c] * k6 + src[c + 1] * k7 + src[c + 2] * k8
            out[at] = total
            a += 1
            b += 1
            c += 1
            at += 1


def _tree_nodes(src, thresholds, table, out):
    trees = table[0]
    nodes = 1 + trees
    for tree in range(1, nodes):
        at = table[tree]
        while at >= 0:
            node = nodes + 3 * at
            at = table[node + 1] if src[table[node]] < thresholds[at] else table[node + 2]
        out[-1 - at] += 1


tree_nodes_int8 = tree_nodes_int16 = tree_nodes_float32 = _tree_nodes


def _swap(z, n):
    j = 0
    for i in range(1, n):
        bit = n >> 1
        while j & bit:
            j ^= bit
            bit >>= 1
        j |= bit
        if i < j:
            p, q = 2 * i, 2 * j
            z[p], z[q] = z[q], z[p]
            z[p + 1], z[q + 1] = z[q + 1], z[p + 1]


def _transform(z, n, coefs, first, shift):
    _swap(z, n)
    most = (1 << shift) - 1
    least = -most - 1
    half, step = 1, n // 2
    while half < n:
        for k in range(half):
            w = first + 2 * k * step
            wr, wi = coefs[w], coefs[w + 1]
            for a in range(2 * k, 2 * n, 4 * half):
                b = a + 2 * half
                br, bi = z[b], z[b + 1]
                re = br * wr - bi * wi >> shift
                im = br * wi + bi * wr >> shift
                re = least if re < least else most if re > most else re
                im = least if im < least else most if im > most else im
                ar, ai = z[a], z[a + 1]
                z[b] = ar - re >> 1
                z[b + 1] = ai - im >> 1
                z[a] = ar + re >> 1
                z[a + 1] = ai + im >> 1
        half, step = 2 * half, step // 2


def _transform_floats(z, n, coefs, first):
    _swap(z, n)
    half, step = 1, n // 2
    while half < n:
        for k in range(half):
            w = first + 2 * k * step
            wr, wi = coefs[w], coefs[w + 1]
            for a in range(2 * k, 2 * n, 4 * half):
                b = a + 2 * half
                br, bi = z[b], z[b + 1]
                re = br * wr - bi * wi
                im = br * wi + bi * wr
                ar, ai = z[a], z[a + 1]
                z[b] = (ar - re) * 0.5
                z[b + 1] = (ai - im) * 0.5
                z[a] = (ar + re) * 0.5
                z[a + 1] = (ai + im) * 0.5
        half, step = 2 * half, step // 2


def _fft(src, coefs, out, shift):
    for i in range(len(src)):
        out[i] = src[i]
    _transform(out, len(src) // 2, coefs, 0, shift)


def fft_int8(src, coefs, table, out):
    _fft(src, coefs, out, 7)


def fft_int16(src, coefs, table, out):
    _fft(src, coefs, out, 15)


def fft_float32(src, coefs, table, out):
    for i in range(len(src)):
        out[i] = src[i]
    _transform_floats(out, len(src) // 2, coefs, 0)


def _mel_spectrum(src, coefs, table, out, kind, shift):
    n = len(src)
    z = array(kind, bytes(2 * n * (1 if kind == "b" else 2)))
    for i in range(n):
        z[2 * i] = src[i] * coefs[i] >> shift
    _transform(z, n, coefs, n, shift)
    weight = 2 * n
    for band in range(table[0]):
        first = table[1 + 2 * band]
        total = 0
        for bin in range(first, first + table[2 + 2 * band]):
            re, im = z[2 * bin], z[2 * bin + 1]
            total += coefs[weight] * (re * re + im * im >> 4)
            weight += 1
        out[band] = total


def mel_spectrum_int8(src, coefs, table, out):
    _mel_spectrum(src, coefs, table, out, "b", 7)


def mel_spectrum_int16(src, coefs, table, out):
    _mel_spectrum(src, coefs, table, out, "h", 15)


def mel_spectrum_float32(src, coefs, table, out):
    n = len(src)
    z = array("f", bytes(8 * n))
    for i in range(n):
        z[2 * i] = src[i] * coefs[i]
    _transform_floats(z, n, coefs, n)
    weight = 2 * n
    for band in range(table[0]):
        first = table[1 + 2 * band]
        total = 0.0
        for bin in range(first, first + table[2 + 2 * band]):
            re, im = z[2 * bin], z[2 * bin + 1]
            total += coefs[weight] * (re * re + im * im)
            weight += 1
        out[band] = total


def _conversion(src, coefs, table, out):
    factor = coefs[0]
    for i in range(len(src)):
        out[i] = src[i] * factor


conversion_int8 = conversion_int16 = _conversion


def conversion_float32(src, coefs, table, out):
    factor = coefs[0]
    for i in range(len(src)):
        scaled = int(src[i] * factor)
        out[i] = -32768 if scaled < -32768 else 32767 if scaled > 32767 else scaled


def _biquad(src, coefs, table, out, shift, most):
    least = -most - 1
    at = 0
    for _ in range(table[0]):
        b0, b1, b2, a1, a2 = coefs[at], coefs[at + 1], coefs[at + 2], coefs[at + 3], coefs[at + 4]
        at += 5
        x1 = x2 = y1 = y2 = 0
        for i in range(len(src)):
            x = src[i]
            y = b0 * x + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2 >> shift
            y = least if y < least else most if y > most else y
            x2, x1 = x1, x
            y2, y1 = y1, y
            out[i] = y
        src = out


def biquad_int8(src, coefs, table, out):
    _biquad(src, coefs, table, out, 6, 127)


def biquad_int16(src, coefs, table, out):
    _biquad(src, coefs, table, out, 14, 32767)


def biquad_float32(src, coefs, table, out):
    at = 0
    for _ in range(table[0]):
        b0, b1, b2, a1, a2 = coefs[at], coefs[at + 1], coefs[at + 2], coefs[at + 3], coefs[at + 4]
        at += 5
        x1 = x2 = y1 = y2 = 0.0
        for i in range(len(src)):
            x = src[i]
            y = b0 * x + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2
            x2, x1 = x1, x
            y2, y1 = y1, y
            out[i] = y
        src = out
