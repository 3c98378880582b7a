# The four features by name, so that nothing is counted and nothing looked up twice.


def assign(points, centroids, out):
    rows = [centroids[k : k + 4] for k in range(0, len(centroids), 4)]
    at = 0
    for i in range(len(out)):
        x0, x1, x2, x3 = points[at : at + 4]
        at += 4
        least = 0x3FFFFFFF
        k = 0
        for c0, c1, c2, c3 in rows:
            a, b, c, d = x0 - c0, x1 - c1, x2 - c2, x3 - c3
            square = a * a + b * b + c * c + d * d
            if square < least:
                least = square
                out[i] = k
            k += 1
