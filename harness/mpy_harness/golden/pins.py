"""What vectors must be: the file ``vectors.toml`` beside the script that makes them.

Integers, float32 and text are pinned to the bit, by a SHA-256: signals, coefficients and models, which decide what the
target computes and how long that takes, and references in such types. References in float64 are not: NumPy and SciPy
give other last bits from version to version and from processor to processor. Of each of them the file has two sums, of
the magnitudes and of the values with signs that follow from the array's name; both have to be the same within
``TOLERANCE`` of the sum of magnitudes. Their names, shapes, NaNs and infinities are pinned to the bit as well.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mpy_harness.errors import VectorsInvalid
from mpy_harness.golden.vectors import digest
from mpy_harness.limits import TEXT_BYTES
from mpy_harness.resources import read_file

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Array = NDArray[Any]
Sums = tuple[str, float, float]

FILE = "vectors.toml"
#: How far the sums of a float64 array may be off, as a share of the sum of its magnitudes.
TOLERANCE = 1e-11

_HEAD = "# What vectors.py makes. Written by `mpy-harness vectors --pin`: docs/golden.md says what the figures are.\n"


@dataclass(frozen=True)
class Pin:
    """What one set of arrays must be.

    ``sha256`` is that of what is exact, ``sums`` are names of float64 arrays with the sum of the magnitudes and the
    signed sum of each, sorted.
    """

    sha256: str
    sums: tuple[Sums, ...] = ()

    @classmethod
    def of(cls, arrays: Mapping[str, Array]) -> Pin:
        """Return the pin of arrays."""
        rounded = {name for name, array in arrays.items() if array.dtype == np.float64}
        exact = {name: _special(array) if name in rounded else array for name, array in arrays.items()}
        return cls(digest(exact), tuple(_sums(name, arrays[name]) for name in sorted(rounded)))

    def differences(self, arrays: Mapping[str, Array]) -> list[str]:
        """Return in words what arrays are not as pinned, nothing if they are."""
        found = Pin.of(arrays)
        if found.sha256 != self.sha256:
            return [f"SHA-256 of what is exact: pinned {self.sha256}, is {found.sha256}"]
        # The names are among what is exact.
        return [
            f"{name}: sums pinned {magnitudes!r} and {signed!r}, are {magnitudes_now!r} and {signed_now!r}"
            for (name, magnitudes, signed), (_, magnitudes_now, signed_now) in zip(self.sums, found.sums, strict=True)
            if max(abs(magnitudes - magnitudes_now), abs(signed - signed_now)) > TOLERANCE * magnitudes
        ]


@dataclass(frozen=True)
class Pins:
    """The pins of all sets that a script makes, and the versions of the packages with which they were pinned."""

    sets: Mapping[str, Pin]
    versions: Mapping[str, str]

    @classmethod
    def read(cls, file: Path) -> Pins:
        """Read ``vectors.toml``. Raise VectorsInvalid."""
        if not file.is_file():
            raise VectorsInvalid(
                f"There is no {file}: nothing says what the vectors must be. "
                f"Write it with `mpy-harness vectors --pin {file.parent}`, and commit it."
            )
        try:
            table = tomllib.loads(read_file(file, TEXT_BYTES).decode())
            versions = {str(name): str(version) for name, version in table.pop("versions").items()}
            sets = {
                name: Pin(str(pin["sha256"]), tuple(sorted(_read(*sums) for sums in pin.get("sums", {}).items())))
                for name, pin in table.items()
            }
        except (
            OSError,
            RecursionError,
            UnicodeDecodeError,
            tomllib.TOMLDecodeError,
            KeyError,
            TypeError,
            ValueError,
            AttributeError,
        ) as error:
            raise VectorsInvalid(
                f"{file} is no file of pinned vectors ({error!r}). "
                f"Restore it, or write it anew with `mpy-harness vectors --pin {file.parent}`."
            ) from error
        return cls(sets, versions)

    def write(self, file: Path) -> None:
        """Write ``vectors.toml``; the same pins give the same bytes."""
        lines = [
            _HEAD,
            "[versions]",
            *(f"{_key(name)} = {_key(version)}" for name, version in sorted(self.versions.items())),
        ]
        for name, pin in sorted(self.sets.items()):
            lines += ["", f"[{_key(name)}]", f'sha256 = "{pin.sha256}"']
            if pin.sums:
                lines += ["", f"[{_key(name)}.sums]"]
                lines += [f"{_key(key)} = [{a!r}, {b!r}]" for key, a, b in pin.sums]
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _key(text: str) -> str:
    return json.dumps(text)  # JSON's strings are TOML's


def _read(name: str, sums: Any) -> Sums:
    magnitudes, signed = (float(value) for value in sums)
    return name, magnitudes, signed


def _special(array: Array) -> Array:
    """Return where a float64 array is NaN or infinite, and nothing of its finite values."""
    found: Array = np.where(np.isnan(array), np.nan, np.where(np.isinf(array), array, 0.0))
    return found


def _sums(name: str, array: Array) -> Sums:
    """Return an array's name, the sum of magnitudes of its finite values, and their sum with signs of the name's."""
    finite = np.where(np.isfinite(array), array, 0.0).ravel()
    bits = np.unpackbits(np.frombuffer(hashlib.shake_128(name.encode()).digest(finite.size // 8 + 1), np.uint8))
    signed = np.where(bits[: finite.size] == 1, finite, -finite)
    return name, math.fsum(np.abs(finite).tolist()), math.fsum(signed.tolist())
