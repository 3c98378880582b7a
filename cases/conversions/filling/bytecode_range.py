# Something that has a length and gives numbers: nothing but the array is allocated.

from array import array


def ramp(n):
    return array("h", range(n))
