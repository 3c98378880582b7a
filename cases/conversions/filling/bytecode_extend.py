from array import array

STEP = 64


def zeros(n):
    made = array("h")
    step = array("h", bytes(2 * STEP))
    for _ in range(n // STEP):
        made.extend(step)
    made.extend(array("h", bytes(2 * (n % STEP))))
    return made


def ramp(n):
    made = zeros(n)
    for i in range(n):
        made[i] = i
    return made
