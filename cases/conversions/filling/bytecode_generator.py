from array import array


def zeros(n):
    return array("h", (0 for _ in range(n)))


def ramp(n):
    return array("h", (i for i in range(n)))
