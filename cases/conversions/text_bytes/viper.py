# Pointers to bytes, and a table for each direction. What is looked at before a loop is what keeps pointers inside.

from tables import *


def hex_encode(src, out):
    check(len(out), 2 * len(src))
    to_hex(src, out, len(src), HEX)


def hex_decode(src, out):
    check(len(src), 2 * len(out))
    if from_hex(src, out, len(out), HEX_VALUES) > 15:
        raise ValueError("no hex digit")


def base64_encode(src, out):
    check(len(out), (len(src) + 2) // 3 * 4)
    to_base64(src, out, len(src), DIGITS)


def base64_decode(src, out):
    n = len(out)
    check(len(src), (n + 2) // 3 * 4)
    pad = -n % 3
    if bytes(src[len(src) - pad :]) != b"=="[:pad] or from_base64(src, out, n, VALUES) > 63:
        raise ValueError("no base64 digit")


@micropython.viper
def to_hex(src: ptr8, out: ptr8, n: int, table: ptr8):
    to = 0
    for i in range(n):
        v = src[i]
        out[to] = table[v >> 4]
        out[to + 1] = table[v & 15]
        to += 2


@micropython.viper
def from_hex(src: ptr8, out: ptr8, n: int, table: ptr8) -> int:
    # All values put together, which is above 15 where one of them was none.
    seen = 0
    at = 0
    for i in range(n):
        high = table[src[at]]
        low = table[src[at + 1]]
        seen |= high | low
        out[i] = high << 4 | low
        at += 2
    return seen


@micropython.viper
def to_base64(src: ptr8, out: ptr8, n: int, table: ptr8):
    at = 0
    to = 0
    while at < n:
        v = src[at] << 16
        if at + 1 < n:
            v |= src[at + 1] << 8
        if at + 2 < n:
            v |= src[at + 2]
        out[to] = table[v >> 18]
        out[to + 1] = table[v >> 12 & 63]
        out[to + 2] = table[v >> 6 & 63]
        out[to + 3] = table[v & 63]
        at += 3
        to += 4
    if at > n:
        out[to - 1] = 61
    if at > n + 1:
        out[to - 2] = 61


@micropython.viper
def from_base64(src: ptr8, out: ptr8, n: int, table: ptr8) -> int:
    seen = 0
    at = 0
    to = 0
    while to < n:
        a = table[src[at]]
        b = table[src[at + 1]]
        seen |= a | b
        out[to] = a << 2 | b >> 4
        if to + 1 < n:
            c = table[src[at + 2]]
            seen |= c
            out[to + 1] = b << 4 | c >> 2
        if to + 2 < n:
            d = table[src[at + 3]]
            seen |= d
            out[to + 2] = c << 6 | d
        at += 4
        to += 3
    return seen
