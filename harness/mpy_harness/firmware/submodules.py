"""What to do when a native module does not build because a git submodule is not there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from mpy_harness.firmware.project_mirror import Mirror
from mpy_harness.firmware.sources import Source

_MISSING = re.compile(r"No rule to make target '([^']+)'|fatal error: (\S+): No such file")
_LIBRARY = re.compile(r"\$[({]MPY_DIR[)}]/lib/([\w.+-]+)")


def advice(failure: str, mirror: Mirror, source: Source) -> Iterator[str]:
    """Give what to do about a file that make or the compiler did not find, where a submodule would have it."""
    missing = [match[1] or match[2] for match in _MISSING.finditer(failure)]
    if not missing:
        return
    makefile = (mirror.folder / "Makefile").read_text(encoding="utf-8", errors="replace")
    for name in dict.fromkeys(_LIBRARY.findall(makefile)):
        if not (source.path / "lib" / name).exists():
            yield (
                f"The Makefile uses lib/{name} of MicroPython, a git submodule, which is no part of the source that is "
                "fetched. Give a tree that has it: --micropython PATH (in PATH: git submodule update --init "
                f"lib/{name})."
            )
    for folder in dict.fromkeys(_nearest(mirror.folder / name) for name in missing):
        if not any(folder.iterdir()):
            yield f"There is nothing in {folder}. If it is a git submodule: git submodule update --init {folder}"


def _nearest(file: Path) -> Path:
    path = Path(os.path.normpath(file))
    return next(folder for folder in path.parents if folder.is_dir())
