"""A copy of a project, to build in: a build finds everything where it expects it, and the user's tree stays as it is.

A native module's makefile may reach out of its own folder (``include ../dynmodule.mk``, ``SRC = ../shared.c``), and
write there: patch a source, make a header again.
"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

# What is near the module comes first. Of a larger tree, files and then folders that are left are links; large files
# always are. Around a module that is in no repository may be anything, a folder of downloads for example: of that, much
# less is looked at and copied.
_MOST_ENTRIES, _MOST_COPIES = 20_000, 5_000
_MOST_ENTRIES_AROUND, _MOST_COPIES_AROUND = 1_000, 200
_LARGE = 1 << 20
# What a build makes and tools keep: also what tests leave beside a module, which changes with each of their runs.
_LEFT_OUT_FOLDERS = re.compile(
    r"build([-_].*)?|__pycache__|\.mpy_ld_cache|\.git|\.venv|node_modules|\.mpy-harness|\.hypothesis|\.benchmarks|"
    r"\.(pytest|mypy|ruff|ccls|clangd)[-_]?cache|\.cache|\.(tox|nox|idea|vscode)"
)
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
    return next((place for place in (folder, *around) if _is_repository(place)), around[min(1, len(around) - 1)])


def _is_repository(folder: Path) -> bool:
    return (folder / ".git").exists()


@dataclass
class Mirror:
    """A copy of the project around the user's folder ``folder``, below the folder ``root``."""

    folder: Path
    root: Path
    _entries: int = field(default=_MOST_ENTRIES, init=False)
    _copies: int = field(default=_MOST_COPIES, init=False)

    @cached_property
    def project(self) -> Path:
        """Return the user's project."""
        return project_of(self.folder)

    @property
    def place(self) -> Path:
        """Return where the folder is in the copy."""
        return self._chain[-1][1]

    def fill(self) -> None:
        """Make the copy."""
        inner = None
        for original, copy in reversed(self._chain):
            if original != self.folder and not _is_repository(self.project):
                self._entries = min(self._entries, _MOST_ENTRIES_AROUND)
                self._copies = min(self._copies, _MOST_COPIES_AROUND)
            copy.mkdir(parents=True, exist_ok=True)
            if inner is not None and not (copy / inner[0].name).exists():
                (copy / inner[0].name).symlink_to(inner[1])  # by its own name as well, where that is another
            self._fill(original, copy)
            inner = original, copy

    def original(self, path: Path) -> Path | None:
        """Return the user's file or folder for one of the copy, and any other as it is; None for what a build makes."""
        for original, copy in reversed(self._chain):
            if path.is_relative_to(copy):
                rest = path.relative_to(copy)
                made = any(map(_LEFT_OUT_FOLDERS.fullmatch, rest.parts)) or path.name.endswith(_LEFT_OUT_FILES)
                return None if made else original / rest
        return path

    def with_own_paths(self, text: str) -> str:
        """Return what a build says, with the user's paths."""
        for original, copy in reversed(self._chain):
            text = text.replace(str(copy), str(original))
        return text

    @cached_property
    def _chain(self) -> list[tuple[Path, Path]]:
        chain = [(self.project, Path(os.path.realpath(self.root)))]
        for name in self.folder.relative_to(self.project).parts:
            original, copy = chain[-1]
            chain.append((original / name, copy / _NOT_FOR_MAKE.sub("_", name)))
        return chain

    def _fill(self, original: Path, copy: Path) -> None:
        """Copy a folder's children that are not there yet."""
        pending = [(original, copy)]
        while pending:
            folder, to = pending.pop(0)
            if self._entries <= 0 and folder != original:
                to.symlink_to(folder)
                continue
            to.mkdir(exist_ok=True)
            for child in _children(folder):
                place = to / child.name
                if os.path.lexists(place) or child.name.endswith(_LEFT_OUT_FILES):
                    continue
                is_folder = child.is_dir() and not child.is_symlink()
                # A cache in the project: it holds the copy itself.
                holds_copy = is_folder and self._chain[0][1].is_relative_to(os.path.realpath(child))
                if is_folder and (holds_copy or _LEFT_OUT_FOLDERS.fullmatch(child.name)):
                    continue
                self._entries -= 1
                if is_folder and self._entries > 0:
                    pending.append((child, place))
                elif is_folder or not self._copied(child, place):
                    place.symlink_to(child)

    def _copied(self, file: Path, to: Path) -> bool:
        """Copy a file, its time as well, which make looks at; return False for one that has to be a link."""
        try:
            if self._copies <= 0 or file.is_symlink() or not file.is_file() or file.stat().st_size > _LARGE:
                return False
            shutil.copy2(file, to)
            to.chmod(to.stat().st_mode | 0o200)
        except OSError:  # one that nobody may read, or that has gone meanwhile
            to.unlink(missing_ok=True)
            return False
        self._copies -= 1
        return True


def _children(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:  # one that nobody may read, or that has gone meanwhile
        return []
