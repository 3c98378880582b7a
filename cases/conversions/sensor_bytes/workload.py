"""Bytes of a sensor to numbers, in every way that there is: MicroPython's memoryview has no cast.

256 numbers of two, three or one and a half bytes, signed; the ends of the range and what lies around zero among them.

- ``python``, ``@native``: byte by byte, shifts and a sign
- ``unpack``: ``struct.unpack`` of a slice for each number; ``unpack_from`` without the slice; ``unpack_all`` at once
- ``array``: ``array.array`` over the bytes, copied as a whole
- ``uctypes``: the bytes seen as an array of a structure
- ``viper``: pointers
- ``native``: a native module, in ``natmod/``

A second call, which is not counted, is watched for what it allocates.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from cases.allocated import allocations
from mpy_harness.workloads import Case, Check, Guest, Workload

ALL = ("python", "@native", "viper", "native", "unpack")
INT16 = (*ALL, "unpack_from", "unpack_all", "uctypes")
FORMS = {"int16_le": (*INT16, "array"), "int16_be": INT16, "int24_le": ALL, "int24_be": ALL, "int12": ALL[:-1]}


class SensorBytes(Workload):
    """Each format in the forms that know it."""

    decorated = tuple(FORMS)
    words_of_32 = ("viper",)

    def cases(self) -> Iterator[Case]:
        """Return the formats."""
        for name, forms in FORMS.items():
            yield Case(name, partial(self.converted, name), forms=forms)

    def converted(self, name: str, guest: Guest) -> Iterator[Check]:
        """Convert a block of bytes into an array that is there."""
        vectors = self.vectors(name)
        src, values = vectors["src"].tobytes(), vectors["values"]
        module, code = guest.load(), "h" if values.itemsize == 2 else "i"
        got = guest.guarded.call(module, name, src, ..., out=(code, values.size))
        yield Check(got, values, "exact", 0)
        allocations(guest, module, name, src, values)
