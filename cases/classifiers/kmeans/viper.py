# Integers of 32 bits through pointers. Half-words are loaded without a sign; none of these is negative.


def assign(points, centroids, out):
    run(points, centroids, out, len(out), len(centroids) // 4)


@micropython.viper
def run(points: ptr16, centroids: ptr16, out: ptr8, n: int, clusters: int):
    at = 0
    for i in range(n):
        least = 0x3FFFFFFF
        c = 0
        k = 0
        while k < clusters:
            square = 0
            j = at
            while j < at + 4:
                apart = points[j] - centroids[c]
                square += apart * apart
                c += 1
                j += 1
            if square < least:
                least = square
                out[i] = k
            k += 1
        at += 4
