# Points and centroids one after the other, FEATURES numbers each. Of centroids that are equally near the
# first counts.

FEATURES = 4


def assign(points, centroids, out):
    at = 0
    for i in range(len(out)):
        least = 0x3FFFFFFF
        c = 0
        for k in range(len(centroids) // FEATURES):
            square = 0
            for j in range(at, at + FEATURES):
                apart = points[j] - centroids[c]
                square += apart * apart
                c += 1
            if square < least:
                least = square
                out[i] = k
        at += FEATURES
