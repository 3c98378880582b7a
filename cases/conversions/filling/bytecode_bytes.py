from array import array


def zeros(n):
    return array("h", bytes(2 * n))


def ramp(n):
    made = array("h", bytes(2 * n))
    for i in range(n):
        made[i] = i
    return made
