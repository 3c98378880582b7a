# Text and bytes in buffers that are there: nothing is allocated. out tells how many bytes there are.

from tables import *


def hex_encode(src, out):
    check(len(out), 2 * len(src))
    to = 0
    for value in src:
        out[to] = HEX[value >> 4]
        out[to + 1] = HEX[value & 15]
        to += 2


def hex_decode(src, out):
    check(len(src), 2 * len(out))
    at = 0
    for i in range(len(out)):
        high = HEX_VALUES[src[at]]
        low = HEX_VALUES[src[at + 1]]
        if high | low > 15:
            raise ValueError("no hex digit")
        out[i] = high << 4 | low
        at += 2


def base64_encode(src, out):
    n = len(src)
    check(len(out), (n + 2) // 3 * 4)
    rest = n % 3
    to = 0
    for i in range(0, n - rest, 3):
        v = src[i] << 16 | src[i + 1] << 8 | src[i + 2]
        out[to] = DIGITS[v >> 18]
        out[to + 1] = DIGITS[v >> 12 & 63]
        out[to + 2] = DIGITS[v >> 6 & 63]
        out[to + 3] = DIGITS[v & 63]
        to += 4
    if rest:
        v = src[n - rest] << 16
        if rest == 2:
            v |= src[n - 1] << 8
        out[to] = DIGITS[v >> 18]
        out[to + 1] = DIGITS[v >> 12 & 63]
        out[to + 2] = DIGITS[v >> 6 & 63] if rest == 2 else 61
        out[to + 3] = 61


def base64_decode(src, out):
    n = len(out)
    check(len(src), (n + 2) // 3 * 4)
    rest = n % 3
    at = 0
    for i in range(0, n - rest, 3):
        a = VALUES[src[at]]
        b = VALUES[src[at + 1]]
        c = VALUES[src[at + 2]]
        d = VALUES[src[at + 3]]
        if a | b | c | d > 63:
            raise ValueError("no base64 digit")
        out[i] = a << 2 | b >> 4
        out[i + 1] = (b & 15) << 4 | c >> 2
        out[i + 2] = (c & 3) << 6 | d
        at += 4
    if rest:
        a = VALUES[src[at]]
        b = VALUES[src[at + 1]]
        c = VALUES[src[at + 2]] if rest == 2 else 0
        if a | b | c > 63 or src[at + 3] != 61 or (rest == 1 and src[at + 2] != 61):
            raise ValueError("no base64 digit")
        out[n - rest] = a << 2 | b >> 4
        if rest == 2:
            out[n - 1] = (b & 15) << 4 | c >> 2
