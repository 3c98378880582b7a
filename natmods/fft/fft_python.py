# The same API and algorithm as fft.c, in Python: see there. The twiddle factors come from the firmware's
# sin and cos, so the last bit may differ. The types of the buffers are not checked.

import math


def _twiddles(n):
    cosines = []
    sines = []
    for k in range(n // 2):
        # Mirror the angle into the first eighth of the circle, where it is exact enough.
        quarter = k if k <= n // 4 else n // 2 - k
        if quarter <= n // 8:
            angle = 2 * math.pi * (quarter / n)
            c, s = math.cos(angle), math.sin(angle)
        else:
            angle = 2 * math.pi * ((n // 4 - quarter) / n)
            s, c = math.cos(angle), math.sin(angle)
        cosines.append(c if k <= n // 4 else -c)
        sines.append(-s)
    return cosines, sines


def _copy(src, out, n):
    if out is not src:
        for i in range(n):
            out[i] = src[i]


class Plan:
    def __init__(self, n):
        if n < 2 or n > 1 << 20 or n & (n - 1):
            raise ValueError("length must be a power of two from 2 to 2**20")
        self._n = n
        self._cos, self._sin = _twiddles(n)

    def _transform(self, x, n, stride, sign):
        cosines = self._cos
        sines = self._sin
        j = 0
        for i in range(n):
            if i < j:
                a = 2 * i
                b = 2 * j
                x[a], x[b] = x[b], x[a]
                x[a + 1], x[b + 1] = x[b + 1], x[a + 1]
            bit = n >> 1
            while bit and j & bit:
                j ^= bit
                bit >>= 1
            j |= bit
        half = 1
        while half < n:
            step = stride * (n // (2 * half))
            for k in range(half):
                wr = cosines[k * step]
                wi = sign * sines[k * step]
                for i in range(2 * k, 2 * n, 4 * half):
                    o = i + 2 * half
                    br = x[o]
                    bi = x[o + 1]
                    tr = wr * br - wi * bi
                    ti = wr * bi + wi * br
                    ar = x[i]
                    ai = x[i + 1]
                    x[o] = ar - tr
                    x[o + 1] = ai - ti
                    x[i] = ar + tr
                    x[i + 1] = ai + ti
            half *= 2

    def _buffers(self, src, out, src_len, out_len):
        if out is None:
            out = src
            src_len = out_len = max(src_len, out_len)
        if len(src) != src_len or len(out) != out_len:
            raise ValueError("wrong length for this plan")
        return out

    def fft(self, src, out=None):
        n = self._n
        out = self._buffers(src, out, 2 * n, 2 * n)
        _copy(src, out, 2 * n)
        self._transform(out, n, 1, 1)

    def ifft(self, src, out=None):
        n = self._n
        out = self._buffers(src, out, 2 * n, 2 * n)
        _copy(src, out, 2 * n)
        self._transform(out, n, 1, -1)
        for i in range(2 * n):
            out[i] *= 1 / n

    def rfft(self, src, out=None):
        n = self._n
        half = n // 2
        x = self._buffers(src, out, n, n + 2)
        _copy(src, x, n)
        self._transform(x, half, 2, 1)
        x[n] = x[0]
        x[n + 1] = x[1]
        for k in range(half // 2 + 1):
            a = 2 * k
            b = n - 2 * k
            er = 0.5 * (x[a] + x[b])
            ei = 0.5 * (x[a + 1] - x[b + 1])
            gr = 0.5 * (x[a + 1] + x[b + 1])
            gi = 0.5 * (x[b] - x[a])
            wr = self._cos[k]
            wi = self._sin[k]
            tr = wr * gr - wi * gi
            ti = wr * gi + wi * gr
            x[a] = er + tr
            x[a + 1] = ei + ti
            x[b] = er - tr
            x[b + 1] = ti - ei

    def irfft(self, src, out=None):
        n = self._n
        half = n // 2
        x = self._buffers(src, out, n + 2, n)
        last = src[n]
        _copy(src, x, n)
        first = x[0]
        x[0] = 0.5 * (first + last)
        x[1] = 0.5 * (first - last)
        for k in range(1, half // 2 + 1):
            a = 2 * k
            b = n - 2 * k
            er = 0.5 * (x[a] + x[b])
            ei = 0.5 * (x[a + 1] - x[b + 1])
            dr = 0.5 * (x[a] - x[b])
            di = 0.5 * (x[a + 1] + x[b + 1])
            wr = self._cos[k]
            wi = -self._sin[k]
            gr = wr * dr - wi * di
            gi = wr * di + wi * dr
            x[a] = er - gi
            x[a + 1] = ei + gr
            x[b] = er + gi
            x[b + 1] = gr - ei
        self._transform(x, half, 2, -1)
        for i in range(n):
            x[i] *= 2 / n


def new(n):
    return Plan(n)
