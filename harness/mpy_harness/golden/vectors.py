"""Golden vectors: named arrays with where they came from, in one ``.npz`` file.

An archive holds arrays and one JSON text. Nothing is unpickled, so a vector file cannot run code. The
JSON carries a hash of the arrays: a file that was changed by hand, or half written, is refused.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from mpy_harness.errors import VectorsInvalid
from mpy_harness.limits import VECTORS_BYTES

Array = NDArray[Any]
_PROVENANCE = "provenance"


@dataclass(frozen=True)
class VectorProvenance:
    """Where vectors came from.

    ``script`` is the path of the script that made them in its repository, ``seed`` what its random
    numbers started from, ``versions`` the packages it computed with, ``sha256`` the hash of the arrays
    (see ``digest``), ``notes`` anything a reader of the file needs to know.
    """

    script: str
    seed: int
    versions: dict[str, str] = field(default_factory=dict)
    notes: str = ""
    sha256: str = ""


def package_versions(*names: str) -> dict[str, str]:
    """Return the installed versions of distributions; one that is missing is left out."""
    found = {name: _version(name) for name in names}
    return {name: version for name, version in found.items() if version is not None}


@lru_cache
def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def digest(arrays: Mapping[str, Array]) -> str:
    """Return the SHA-256 over names, types, shapes and contents of arrays, in the order of names."""
    sha = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        sha.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        sha.update(array.tobytes())
    return sha.hexdigest()


class Vectors:
    """Arrays by name, read-only, with their provenance."""

    def __init__(self, arrays: Mapping[str, Array], provenance: VectorProvenance, path: Path | None = None) -> None:
        self._arrays = {name: np.array(array) for name, array in arrays.items()}
        for array in self._arrays.values():
            array.flags.writeable = False
        self.provenance = provenance
        self.path = path

    def __getitem__(self, name: str) -> Array:
        try:
            return self._arrays[name]
        except KeyError:
            where = self.path or "these vectors"
            raise VectorsInvalid(f"{where} holds no array {name!r}, only {', '.join(sorted(self._arrays))}") from None

    def __contains__(self, name: object) -> bool:
        return name in self._arrays

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    @property
    def arrays(self) -> Mapping[str, Array]:
        """Return all arrays by name."""
        return MappingProxyType(self._arrays)

    def signals(self, suffix: str = "_in") -> list[str]:
        """Return the names of the arrays that end in ``suffix``, without it, in the file's order."""
        return [name[: -len(suffix)] for name in self._arrays if name.endswith(suffix)]

    def save(self, path: Path) -> None:
        """Write the vectors to ``path``, whole or not at all; the same arrays give the same bytes."""
        provenance = asdict(self.provenance) | {"sha256": digest(self._arrays)}
        # Not allow_pickle=False: NumPy before 2.2 takes that for an array of that name.
        whole: dict[str, Any] = {_PROVENANCE: np.array(json.dumps(provenance, sort_keys=True)), **self._arrays}
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez_compressed(file, **whole)
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    @classmethod
    def load(cls, path: Path) -> Vectors:
        """Read vectors that ``save`` wrote. Raise VectorsInvalid for anything else."""
        if not path.is_file():
            raise VectorsInvalid(f"There are no vectors {path}. Run the script that makes them, or correct the name.")
        return _load(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=32)  # a file serves many tests
def _load(path: Path, _changed: int) -> Vectors:
    try:
        with path.open("rb") as file:
            _check_size(file)
            archive = np.load(file, allow_pickle=False)
            arrays = {name: archive[name] for name in archive.files}
        provenance = VectorProvenance(**json.loads(str(arrays.pop(_PROVENANCE))))
    except (OSError, ValueError, KeyError, TypeError, EOFError, MemoryError, zipfile.BadZipFile) as error:
        raise VectorsInvalid(
            f"{path} is not a file of golden vectors ({error}). Make it again with its script."
        ) from error
    actual = digest(arrays)
    if actual != provenance.sha256:
        raise VectorsInvalid(
            f"{path} was changed after {provenance.script} made it:\n"
            f"  SHA-256 of its arrays when made {provenance.sha256}\n"
            f"  SHA-256 of its arrays now       {actual}\n"
            "Make it again with its script."
        )
    return Vectors(arrays, provenance, path)


def _check_size(file: BinaryIO) -> None:
    # Before anything is read: what the archive says of itself is what numpy takes memory for.
    with zipfile.ZipFile(file) as archive:
        size = sum(member.file_size for member in archive.infolist())
    if size > VECTORS_BYTES:
        raise ValueError(f"its arrays have {size >> 20} MiB, more than {VECTORS_BYTES >> 20}")
    file.seek(0)
