# The same API and algorithm as arrayutils.c, in Python: see there. Arrays of int are told from arrays of
# float by their first item; the types of the buffers are not checked further.


def _saturate(x):
    if x >= 32767.0:
        return 32767
    if x <= -32768.0:
        return -32768
    if x != x:
        return 0
    return round(x)  # ties to even


def _check(src, out):
    if len(out) != len(src):
        raise ValueError("out must be as long as src")


def int16_to_float(src, out, scale=1 / 32768):
    _check(src, out)
    for i in range(len(src)):
        out[i] = src[i] * scale


def float_to_int16(src, out, scale=32768.0):
    _check(src, out)
    for i in range(len(src)):
        out[i] = _saturate(src[i] * scale)


def scale(src, factor, out=None):
    if out is None:
        out = src
    _check(src, out)
    if len(src) and isinstance(src[0], int):
        for i in range(len(src)):
            out[i] = _saturate(src[i] * factor)
    else:
        for i in range(len(src)):
            out[i] = src[i] * factor


def clip(src, low, high, out=None):
    if out is None:
        out = src
    _check(src, out)
    if not low <= high:
        raise ValueError("low must not be above high")
    for i in range(len(src)):
        x = src[i]
        out[i] = low if x < low else high if x > high else x
