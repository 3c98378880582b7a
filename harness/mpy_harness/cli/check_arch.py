"""The command ``check-arch``: finished ``.mpy`` files of many architectures, loaded on the core of each."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from mpy_harness import architectures, machines
from mpy_harness.board.pool import BoardPool
from mpy_harness.cli.failures import show_failure
from mpy_harness.cli.status import GUEST_FAILED
from mpy_harness.errors import FloatAbiWarning, GuestFailure, HarnessError, ToolMissing
from mpy_harness.firmware import mpyfile
from mpy_harness.firmware.progress import Progress, shown
from mpy_harness.reports.table import aligned
from mpy_harness.targets import Target, available, load_target

_LOADS = "loads"


def command(
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="Folder with <arch>_<version>/<name>.mpy.", exists=True, file_okay=False),
    ],
) -> None:
    """Load .mpy files of many architectures, each on a core that has no more than that: sizes, heap, what fails."""
    files = sorted(folder.rglob("*.mpy"))
    if not files:
        raise typer.BadParameter(f"there is no .mpy file in {folder}", param_hint="DIR")
    with shown() as progress, _pool(progress) as pool:
        checks = [_check(pool, folder, file) for file in files]
    rows = [["file", "core", "target", "file B", "heap B", ""]]
    print("\n".join(aligned(rows + [each.row for each in checks])))
    for each in checks:
        if each.error is not None:
            show_failure(f"{each.file}: {each.error}")
    missing = list(_missing(checks))
    print("\n".join(missing), end="\n" if missing else "")
    raise typer.Exit(GUEST_FAILED if missing or any(isinstance(each.error, GuestFailure) for each in checks) else 0)


@dataclass(frozen=True)
class Check:
    """A file, below the folder; what it is for; where it was loaded; bytes of heap that it took, or what went wrong."""

    file: Path
    arch: str
    size: int
    target: Target | None = None
    heap: int | None = None
    error: HarnessError | None = None

    @property
    def row(self) -> list[str]:
        """Return it as a row of the table."""
        core, name = (self.target.core, self.target.name) if self.target is not None else ("", "")
        verdict = _LOADS
        if self.error is not None:
            verdict = "not tried" if isinstance(self.error, ToolMissing) else type(self.error).__name__
        return [
            str(self.file),
            core,
            name,
            f"{self.size:,}",
            f"{self.heap:,}" if self.heap is not None else "",
            verdict,
        ]


@contextmanager
def _pool(progress: Progress) -> Iterator[BoardPool]:
    with tempfile.TemporaryDirectory(prefix="mpy-harness-") as logs:
        pool = BoardPool(Path(logs), progress=progress)
        try:
            yield pool
        finally:
            pool.close()


def _check(pool: BoardPool, folder: Path, path: Path) -> Check:
    name, size = path.relative_to(folder), path.stat().st_size
    arch, target = "?", None
    try:
        arch = mpyfile.inspect(path).abi.arch
        target = _target(arch)
        board = pool.board(target, mode=None)
        with warnings.catch_warnings():
            warnings.simplefilter("error", FloatAbiWarning)
            board.import_native(path)
        return Check(name, arch, size, target, board.heap.imports[path.stem])
    except (HarnessError, FloatAbiWarning) as error:
        known = error if isinstance(error, HarnessError) else GuestFailure(str(error))
        return Check(name, arch, size, target, error=known)


def _target(arch: str) -> Target:
    """Return the target whose core has just the instructions of an architecture, one that can run here if possible."""
    found = architectures.mpy_arch(arch)
    of_arch = [target for target in map(load_target, available()) if target.natmod.arch == arch and not target.is_plain]
    fitting = [target for target in of_arch if found is not None and target.core == found.core]
    fitting.sort(key=lambda target: -sum(each.length for each in target.memory if each.kind == "ram"))
    absent = [_absence(target) for target in fitting]
    for target, reason in zip(fitting, absent, strict=True):
        if reason is None:
            return target
    raise next(filter(None, absent), ToolMissing(f"no target has a core for {arch} and no more."))


def _absence(target: Target) -> ToolMissing | None:
    try:
        machines.kind_of(target).find()
    except ToolMissing as error:
        return error
    return None


def _missing(checks: list[Check]) -> Iterator[str]:
    # Modules that are there for some architectures and releases only.
    folders = sorted({each.file.parent for each in checks})
    for name in sorted({each.file.name for each in checks}):
        without = [str(folder) for folder in folders if all(each.file != folder / name for each in checks)]
        if without:
            yield f"{name} is missing in {', '.join(without)}"
