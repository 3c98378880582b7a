# The way down through pointers. Integers of 16 bits are loaded without a sign: ^ 0x8000 puts them into the order
# that they have with one, which is all that a comparison needs. Floats are compared by their bits, as integers:
# that is their order too, turned round where both are below 0. None of them is NaN, no threshold is -0.0.


def vote(sample, nodes, thresholds, roots, classes, out):
    walk = leaf_of_floats if isinstance(thresholds[0], float) else leaf_of_integers
    for k in range(len(out)):
        out[k] = 0.0
    for at in roots:
        out[classes[walk(sample, nodes, thresholds, at)]] += 1.0
    for k in range(len(out)):
        out[k] /= len(roots)


def average(sample, nodes, thresholds, roots, shares, out):
    walk = leaf_of_floats if isinstance(thresholds[0], float) else leaf_of_integers
    n = len(out)
    for k in range(n):
        out[k] = 0.0
    for at in roots:
        first = n * walk(sample, nodes, thresholds, at)
        for k in range(n):
            out[k] += shares[first + k]
    for k in range(n):
        out[k] /= len(roots)


@micropython.viper
def leaf_of_integers(sample: ptr16, nodes: ptr16, thresholds: ptr16, at: int) -> int:
    while at >= 0:
        node = 3 * at
        if (sample[nodes[node]] ^ 0x8000) > (thresholds[at] ^ 0x8000):
            node += 1
        at = (nodes[node + 1] ^ 0x8000) - 0x8000
    return -1 - at


@micropython.viper
def leaf_of_floats(sample: ptr32, nodes: ptr16, thresholds: ptr32, at: int) -> int:
    while at >= 0:
        node = 3 * at
        value = sample[nodes[node]]
        threshold = thresholds[at]
        if (value & threshold) < 0:  # the sign of both
            swapped = value
            value = threshold
            threshold = swapped
        if value > threshold:
            node += 1
        at = (nodes[node + 1] ^ 0x8000) - 0x8000
    return -1 - at
