# Integers of 32 bits through pointers. Half-words are loaded without a sign: (v ^ 0x8000) - 0x8000 gives it back.


@micropython.viper
def linear(x: ptr16, model: ptr16, out: ptr32):
    features = model[0]
    classes = model[1]
    at = 2
    k = 0
    while k < classes:
        total = (model[at] ^ 0x8000) - 0x8000
        at += 1
        i = 0
        while i < features:
            total += x[i] * ((model[at] ^ 0x8000) - 0x8000)
            at += 1
            i += 1
        out[k] = total
        k += 1


@micropython.viper
def nearest(x: ptr16, model: ptr16, out: ptr32):
    features = model[0]
    least = 0x3FFFFFFF
    at = 2
    left = model[1]
    while left:
        number = model[at]
        at += 1
        total = 0
        i = 0
        while i < features:
            apart = 2 * x[i] - ((model[at] ^ 0x8000) - 0x8000)
            total += apart * apart
            at += 1
            i += 1
        if total < least:
            least = total
            out[0] = number
            out[1] = total
        left -= 1


INNER = bytearray(127)


def mlp(x, model, out):
    layers(x, model, out, INNER)


@micropython.viper
def layers(x: ptr16, model: ptr16, out: ptr32, inner: ptr8):
    features = model[0]
    hidden = model[1]
    classes = model[2]
    shift = model[3]
    at = 4
    k = 0
    while k < hidden:
        total = (model[at] ^ 0x8000) - 0x8000
        at += 1
        i = 0
        while i < features:
            total += x[i] * ((model[at] ^ 0x8000) - 0x8000)
            at += 1
            i += 1
        total >>= shift
        if total < 0:
            total = 0
        if total > 127:
            total = 127
        inner[k] = total
        k += 1
    k = 0
    while k < classes:
        total = (model[at] ^ 0x8000) - 0x8000
        at += 1
        i = 0
        while i < hidden:
            total += inner[i] * ((model[at] ^ 0x8000) - 0x8000)
            at += 1
            i += 1
        out[k] = total
        k += 1
