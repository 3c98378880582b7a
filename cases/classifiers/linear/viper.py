# Integers of 32 bits through pointers. Half-words are loaded without a sign: (v ^ 0x8000) - 0x8000 gives it back.


def linear(x, weights, biases, out):
    rows(x, weights, biases, out, len(out))


@micropython.viper
def rows(x, weights: ptr16, biases: ptr32, out: ptr32, outputs: int):
    values = ptr16(x)
    features = int(len(x))
    at = 0
    k = 0
    while k < outputs:
        total = biases[k]
        i = 0
        while i < features:
            total += ((values[i] ^ 0x8000) - 0x8000) * ((weights[at] ^ 0x8000) - 0x8000)
            at += 1
            i += 1
        out[k] = total
        k += 1
