from array import array


def zeros(n):
    return array("h", bytes(2 * n))


def ramp(n):
    made = array("h", bytes(2 * n))
    count_up(made, n)
    return made


@micropython.viper
def count_up(made: ptr16, n: int):
    for i in range(n):
        made[i] = i
