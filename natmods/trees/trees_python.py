# The same API and algorithm as trees.c, in Python: see there. The model is kept as it is given, its
# indices are checked when they are used.


class Model:
    def __init__(self, nodes, roots, leaves, features, classes, bits):
        if bits not in (0, 8):
            raise ValueError("bits must be 0 or 8")
        if not (1 <= features <= 127 and 1 <= classes <= 30):
            raise ValueError("features must be 1 to 127, classes 1 to 30")
        if len(nodes) == 0 or len(nodes) % 4:
            raise ValueError("nodes must hold 4 numbers a node")
        if len(roots) == 0:
            raise ValueError("roots must not be empty")
        self._nodes = nodes
        self._roots = roots
        self._leaves = leaves
        self._features = features
        self._classes = classes
        self._bits = bits

    def _leaf(self, at, sample):
        nodes = self._nodes
        while True:
            field = 4 * at
            below = sample[nodes[field]] < nodes[field + 1]
            child = nodes[field + 2] if below else nodes[field + 3]
            if child < 0:
                return -child - 1
            at += child

    def predict_proba(self, sample, out):
        if len(sample) != self._features:
            raise ValueError("wrong number of features")
        classes = self._classes
        if len(out) != classes:
            raise ValueError("out must hold a number a class")
        leaves = self._leaves
        for i in range(classes):
            out[i] = 0.0
        for root in self._roots:
            leaf = self._leaf(root, sample)
            if self._bits == 0:
                out[leaves[leaf]] += 1.0
            else:
                first = leaf * classes
                for i in range(classes):
                    out[i] += leaves[first + i] / 255
        for i in range(classes):
            out[i] /= len(self._roots)

    def predict(self, sample):
        votes = [0.0] * self._classes
        self.predict_proba(sample, votes)
        return votes.index(max(votes))


def new(nodes, roots, leaves, features, classes, bits=0):
    return Model(nodes, roots, leaves, features, classes, bits)
