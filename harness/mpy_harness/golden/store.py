"""Vectors that scripts make: made once into the cache, and held against their pins."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from mpy_harness.errors import VectorsInvalid
from mpy_harness.firmware.cache import build_once, digest, hash_tree
from mpy_harness.firmware.process import last_lines, run
from mpy_harness.firmware.progress import Progress, Silent
from mpy_harness.golden.make import packages, sources
from mpy_harness.golden.pins import FILE, Pin, Pins
from mpy_harness.golden.vectors import Vectors, package_versions

SCRIPT = "vectors.py"
_MAKE_SECONDS = 900.0  # training a model takes a while on a busy machine
# Threads share out sums in another way on every machine.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class VectorStore:
    """The vectors of a script ``vectors.py``, whose ``make()`` returns arrays by name for each set: see docs/golden.md.

    They are made when they are first asked for, once for all processes, and again when the script changes, what it
    imports from the packages above it, data beside it, or the version of a package that it imports.
    """

    def __init__(self, script: Path, progress: Progress | None = None) -> None:
        self.script = script.resolve()
        self.pins_file = self.script.with_name(FILE)
        self._progress = progress or Silent()

    @property
    def label(self) -> str:
        """Return the script's folder as messages show it."""
        inside = packages(self.script)
        return self.script.parent.relative_to(inside[-1].parent).as_posix() if inside else self.script.parent.name

    def __getitem__(self, name: str) -> Vectors:
        """Return a set of vectors. Raise VectorsInvalid where there is none or it is not as pinned."""
        pins = Pins.read(self.pins_file)
        if name not in pins.sets:
            raise VectorsInvalid(f"{self.label} has no vectors {name!r}, only {', '.join(sorted(pins.sets))}")
        file = self._entry(pins.versions, self._make) / f"{name}.npz"
        if not file.is_file():
            raise VectorsInvalid(f"{self.script} makes no vectors {name!r} any more. {self._advice}")
        if differences := _differences(file, file.stat().st_mtime_ns, pins.sets[name]):
            raise VectorsInvalid(self._complaint(name, differences, pins.versions))
        return Vectors.load(file)

    def check(self, *, anew: bool = False) -> list[Path]:
        """Make all sets, hold them against their pins and return their files. Raise VectorsInvalid."""
        pins = Pins.read(self.pins_file)
        files = self._files(self._entry(pins.versions, self._make, anew=anew))
        if more := files.keys() - pins.sets.keys():
            raise VectorsInvalid(
                f"{self.script} makes vectors that are not pinned: {', '.join(sorted(more))}. {self._advice}"
            )
        for name in pins.sets:
            self[name]
        return list(files.values())

    def pin(self) -> list[Path]:
        """Make all sets anew, write their pins and return the files. Raise VectorsInvalid."""
        with tempfile.TemporaryDirectory(prefix="mpy-harness-") as temporary:
            self._make(Path(temporary))
            made = {name: Vectors.load(file) for name, file in self._files(Path(temporary)).items()}
            versions = {k: v for vectors in made.values() for k, v in vectors.provenance.versions.items()}
            Pins({name: Pin.of(vectors.arrays) for name, vectors in made.items()}, versions).write(self.pins_file)
            kept = self._entry(
                versions, lambda folder: shutil.copytree(temporary, folder, dirs_exist_ok=True), anew=True
            )
        return list(self._files(kept).values())

    def _entry(self, versions: Iterable[str], make: Callable[[Path], object], *, anew: bool = False) -> Path:
        """Return the cache's folder with the sets; ``versions`` names the packages whose versions matter."""
        if not self.script.is_file():
            raise VectorsInvalid(f"There is no {self.script}, which is to make vectors.")
        inside = packages(self.script)
        root = inside[-1].parent if inside else self.script.parent
        facts = {
            "script": self.label,
            "files": hash_tree(root, sources(self.script)),
            "versions": package_versions(*versions),
        }
        return build_once("vectors", digest(facts), make, force=anew, progress=self._progress)

    def _make(self, folder: Path) -> None:
        self._progress.stage(f"making the vectors of {self.label}")
        command: list[str | Path] = [sys.executable, "-B", "-m", "mpy_harness.golden.make", self.script, folder]
        path = os.pathsep.join(filter(None, sys.path))  # where this process has the harness from
        env = {**os.environ, **_ONE_THREAD, "PYTHONPATH": path}
        with tempfile.TemporaryDirectory(prefix="mpy-harness-") as scratch:  # emlearn compiles in the current folder
            made = run(command, timeout=_MAKE_SECONDS, env=env, cwd=Path(scratch))
        if made.status != 0:
            what_to_do = (
                "Install what it imports; for the project's own cases: `pip install mpy-harness[cases]`."
                if "ModuleNotFoundError" in made.output
                else "Correct the script."
            )
            raise VectorsInvalid(f"{self.script} did not make its vectors:\n{last_lines(made.output)}\n{what_to_do}")

    @staticmethod
    def _files(folder: Path) -> dict[str, Path]:
        found = sorted(folder.rglob("*.npz"))
        return {path.relative_to(folder).with_suffix("").as_posix(): path for path in found}

    def _complaint(self, name: str, differences: list[str], pinned_with: Mapping[str, str]) -> str:
        here = package_versions(*pinned_with)
        rows = [
            f"  {package}: pinned with {version}, here {here.get(package, 'missing')}"
            for package, version in pinned_with.items()
        ]
        return "\n".join(
            [
                f"The vectors {name!r} of {self.label} are not those that are pinned:",
                *(f"  {line}" for line in differences),
                *rows,
                self._advice,
            ]
        )

    @property
    def _advice(self) -> str:
        return (
            f"If you changed what it makes, pin that: `mpy-harness vectors --pin {self.script.parent}`. "
            f"If not, another version of a package computes something else: install the pinned ones, "
            f"or find out what changed before you pin."
        )


@lru_cache(maxsize=256)  # a set serves many tests
def _differences(file: Path, _changed: int, pin: Pin) -> list[str]:
    return pin.differences(Vectors.load(file).arrays)
