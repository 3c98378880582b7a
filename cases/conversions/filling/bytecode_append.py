from array import array


def zeros(n):
    made = array("h")
    for _ in range(n):
        made.append(0)
    return made


def ramp(n):
    made = array("h")
    for i in range(n):
        made.append(i)
    return made
