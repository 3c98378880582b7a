# The last layer of a network, for forms in viper: sums of features times weights. Weights are bytes with a sign, which
# are loaded without one: (v ^ 0x80) - 0x80 gives it back. Features have none. Runs on MicroPython.


@micropython.viper
def dense(weights: ptr8, at: int, features, biases, out):
    # at: its first weight. Its biases are the last ones. What is used most is an argument: the first are in registers.
    values = ptr8(features)
    offsets = ptr32(biases)
    sums = ptr32(out)
    inputs = int(len(features))
    classes = int(len(out))
    bias = int(len(biases)) - classes
    k = 0
    while k < classes:
        total = offsets[bias + k]
        first = at
        end = at + inputs
        while at < end:
            total += values[at - first] * ((weights[at] ^ 0x80) - 0x80)
            at += 1
        sums[k] = total
        k += 1
