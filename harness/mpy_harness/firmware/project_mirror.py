"""A second face of a project, to build in: the same folders, links to its files, and room for what a build writes.

A native module's makefile may reach out of its own folder (``include ../dynmodule.mk``, ``SRC = ../shared.c``). It is
built where all of that is where it expects it, and the user's tree stays as it is.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

# Links are made near the module first; of a larger tree, the folders that are left are links themselves.
_MOST_ENTRIES = 20_000
# What a build makes and tools keep.
_LEFT_OUT_FOLDERS = re.compile(r"build([-_].*)?|__pycache__|\.mpy_ld_cache|\.git|\.venv|node_modules")
_LEFT_OUT_FILES = (".mpy", ".o")
# A makefile splits names at white space and gives other characters a meaning of their own.
_NOT_FOR_MAKE = re.compile(r"[^\w.+,@~-]")


def sources_of(folder: Path) -> list[Path]:
    """Return the files below a folder that a build may read."""
    found: list[Path] = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _LEFT_OUT_FOLDERS.fullmatch(name))
        found += [Path(place, name) for name in sorted(names) if not name.endswith(_LEFT_OUT_FILES)]
    return found


def project_of(folder: Path) -> Path:
    """Return the project that a module's folder belongs to: its repository, or else two folders up."""
    around = folder.parents
    return next((place for place in (folder, *around) if (place / ".git").exists()), around[min(1, len(around) - 1)])


def mirror(folder: Path, to: Path) -> Path:
    """Mirror the project around ``folder`` below ``to``; return the folder's place in it."""
    project = project_of(folder)
    here = to
    chain = [(project, to)]
    for name in folder.relative_to(project).parts:
        place = chain[-1][0] / name
        here = here / _NOT_FOR_MAKE.sub("_", name)
        chain.append((place, here))
    left = _MOST_ENTRIES
    inner = None
    target = Path(os.path.realpath(to))
    for original, copy in reversed(chain):
        copy.mkdir(parents=True, exist_ok=True)
        if inner is not None and not (copy / inner[0].name).exists():
            (copy / inner[0].name).symlink_to(inner[1])  # by its own name as well, where that is another
        left = _fill(original, copy, left, target)
        inner = original, copy
    return here


def _fill(original: Path, copy: Path, left: int, mirrored: Path) -> int:
    """Mirror a folder's children that are not there yet; return how many entries may still be made."""
    pending = [(original, copy)]
    while pending:
        folder, to = pending.pop(0)
        to.mkdir(exist_ok=True)
        for child in sorted(folder.iterdir()):
            place = to / child.name
            if os.path.lexists(place) or child.name.endswith(_LEFT_OUT_FILES):
                continue
            is_folder = child.is_dir() and not child.is_symlink()
            # A cache in the project: it holds the mirror itself.
            holds_mirror = is_folder and mirrored.is_relative_to(os.path.realpath(child))
            if is_folder and (holds_mirror or _LEFT_OUT_FOLDERS.fullmatch(child.name)):
                continue
            left -= 1
            if is_folder and left > 0:
                pending.append((child, place))
            else:
                place.symlink_to(child)
    return left
