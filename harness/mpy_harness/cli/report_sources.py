"""What a report is made of: a run, its base, and what goes with them on the page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mpy_harness.counting.profile import Profile
from mpy_harness.errors import MeasurementsInvalid, ProfileInvalid
from mpy_harness.github.artifacts import BASE, HEAD
from mpy_harness.limits import PROFILE_BYTES
from mpy_harness.measurements.compare import compare
from mpy_harness.measurements.comparison import Comparison
from mpy_harness.measurements.configuration import read_configuration
from mpy_harness.measurements.history import MAGIC, History
from mpy_harness.measurements.run import Run, read_run
from mpy_harness.measurements.sources import Places, load_run
from mpy_harness.reports.page import FLAMES, Content
from mpy_harness.resources import read_file
from mpy_harness.sizes.elf import read_elf
from mpy_harness.sizes.tree import SizeTree


@dataclass(frozen=True)
class Sources:
    """What to report of, a run and its base as ``mpy-harness compare`` takes them, and what goes with it on the page.

    A folder that CI wrote, with ``head.json`` and perhaps ``base.json``, is both.
    """

    run: str
    base: str | None = None
    history: Sequence[Path] = ()
    profiles: Sequence[Path] = ()
    images: Sequence[Path] = ()

    def load(self) -> tuple[Run, Comparison | None]:
        """Return the run, and how it differs from its base; None where it has none. Raises MeasurementsInvalid."""
        configuration = read_configuration(Path())
        places = Places(configuration.folder, configuration.baselines)
        folder = Path(self.run)
        both = (folder / HEAD).is_file()
        head = read_run(folder / HEAD) if both else load_run(self.run, places)
        if self.base is not None:
            base = load_run(self.base, places)
        elif both and (folder / BASE).is_file():
            base = read_run(folder / BASE)
        else:
            return head, None
        return head, compare(base, head, configuration.rules())

    def content(self, head: Run, comparison: Comparison | None) -> Content:
        """Return what the page shows. Raises ProfileInvalid, MeasurementsInvalid, ImageInvalid."""
        return Content(
            head,
            comparison,
            list(_history(self.history)),
            dict(_trees(self.images)),
            [_profile(path) for path in self.profiles[:FLAMES]],
        )


def _history(paths: Iterable[Path]) -> Iterator[Run]:
    for path in paths:
        if path.is_file() and _begins(path, MAGIC):
            yield from History(path).runs()
        else:
            for file in sorted(path.glob("*.json")) if path.is_dir() else [path]:
                yield read_run(file)


def _begins(path: Path, magic: bytes) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(magic)) == magic
    except OSError as error:
        raise MeasurementsInvalid(f"{path} cannot be read: {error.strerror}") from error


def _trees(images: Iterable[Path]) -> Iterable[tuple[str, SizeTree]]:
    for path in images:
        sizes = read_elf(path)
        yield f"Flash of {path.name}", sizes.flash
        yield f"RAM of {path.name}", sizes.ram


def _profile(path: Path) -> Profile:
    try:
        text = read_file(path, PROFILE_BYTES)
    except OSError as error:
        raise ProfileInvalid(f"{path} cannot be read: {error.strerror}.") from error
    try:
        return Profile.from_json(text)
    except ProfileInvalid as error:
        raise ProfileInvalid(f"{path}: {error}") from None
