# Trees in two arrays: of each node the feature, and two places to go on, the first where the feature is not above
# the threshold, which is in an array of its own. A place below 0 is a leaf: -1 the first, -2 the second. A sample
# and the thresholds are integers of 16 bits, or floats.


def vote(sample, nodes, thresholds, roots, classes, out):
    # The share of the trees for each class; classes: that of each leaf.
    for k in range(len(out)):
        out[k] = 0.0
    for at in roots:
        out[classes[leaf(sample, nodes, thresholds, at)]] += 1.0
    for k in range(len(out)):
        out[k] /= len(roots)


def average(sample, nodes, thresholds, roots, shares, out):
    # The mean of what the trees give; shares: of each leaf that of each class.
    n = len(out)
    for k in range(n):
        out[k] = 0.0
    for at in roots:
        first = n * leaf(sample, nodes, thresholds, at)
        for k in range(n):
            out[k] += shares[first + k]
    for k in range(n):
        out[k] /= len(roots)


def leaf(sample, nodes, thresholds, at):
    while at >= 0:
        node = 3 * at
        at = nodes[node + 1] if sample[nodes[node]] <= thresholds[at] else nodes[node + 2]
    return -1 - at
