from array import array


def zeros(n):
    return array("h", [0] * n)


def ramp(n):
    return array("h", list(range(n)))
