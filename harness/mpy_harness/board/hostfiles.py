"""The host folders that a guest may read, and nothing else of the host.

Guest code may be hostile. It can read only what lies in folders that were offered: no file that a symbolic link leads
to elsewhere, and no hidden file, because ``.git``, ``.env`` and the like hold secrets.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path, PurePosixPath

from mpy_harness.limits import ANSWER_BYTES, GUEST_FILE_BYTES, LISTED_FILES, QUESTION_BYTES
from mpy_harness.resources import read_block, read_file

#: Place and size of a part of a file, in bytes.
Block = tuple[int, int]
_CONTENTS = {b"r", b"b"}


class HostFiles:
    """Answers a guest's questions about files; writing is not possible.

    ``root`` lists the folders whose content the guest sees at ``/``: of files with the same path, that of the first
    folder. ``mounts`` maps names of top-level folders in the guest, from which it can import, to a folder of the host,
    or to files of the host by their names in the guest's folder. ``aside`` are folders of the latter kind that are
    neither listed nor imported from.
    """

    def __init__(
        self,
        root: Sequence[Path] = (),
        mounts: Mapping[str, Path | Mapping[str, Path]] | None = None,
        aside: Mapping[str, Mapping[str, Path]] | None = None,
    ) -> None:
        self._root = [folder.resolve() for folder in root]
        self._mounts: dict[str, Path] = {}
        self._files: dict[str, Mapping[str, Path]] = dict(aside or {})
        self._aside = frozenset(aside or {})
        for name, content in (mounts or {}).items():
            if isinstance(content, Path):
                self._mounts[name] = content.resolve()
            else:
                self._files[name] = content
        self._imports = [f"/{name}" for name in mounts or ()]

    @property
    def imports(self) -> list[str] | None:
        """Return where the mounts are in the guest, for its import path; None where nothing is offered."""
        return self._imports if self._root or self._imports else None

    def file(self, path: str) -> Path | None:
        """Return the file of the host that the guest reads at a path, None where it can read none."""
        try:
            place = PurePosixPath(path).parts[1:]
            found = self._files[place[0]].get("/".join(place[1:])) if place and place[0] in self._files else None
            return found or self._find(path)
        except (OSError, ValueError):
            return None

    def answer(self, question: bytes, most: int = ANSWER_BYTES) -> bytes:
        """Return the answer to a question: ``s`` (size), ``r`` (content), ``l`` (list) or ``b`` (block), and a path.

        Before its path, a block has its place and the most bytes that it may have: ``b4096,2048,/data``. An answer
        begins with ``+``, or is ``-`` where there is no such thing, or it would be longer than ``most`` bytes.
        """
        if len(question) > QUESTION_BYTES:
            return b"-"
        try:
            answer = self._answer(*_parsed(question), most - 1)
        except (OSError, ValueError):  # gone meanwhile, too large, not permitted, or a name with a NUL
            return b"-"
        return b"+" + answer if answer is not None and len(answer) < most else b"-"

    def _answer(self, kind: bytes, path: str, block: Block, most: int) -> bytes | None:
        place = PurePosixPath(path).parts[1:]
        if place and place[0] in self._files:
            return _answer_of(self._files[place[0]], kind, place[1:], block, most)
        if kind == b"l":
            return b"\n".join(self._list(path))
        file = self._find(path)
        if file is None:
            return None
        if kind == b"s":
            return b"%d" % (-1 if file.is_dir() else _size(file))
        return _content(file, kind, block, most)

    def _candidates(self, path: str) -> list[tuple[Path, PurePosixPath]]:
        parts = PurePosixPath(path).parts[1:]
        if parts and parts[0] in self._mounts:
            return [(self._mounts[parts[0]], PurePosixPath(*parts[1:]))]
        return [(folder, PurePosixPath(*parts)) for folder in self._root]

    def _find(self, path: str) -> Path | None:
        for folder, relative in self._candidates(path):
            file = self._offered(folder, relative)
            if file is not None:
                return file
        return None

    @staticmethod
    def _offered(folder: Path, relative: PurePosixPath) -> Path | None:
        # Returns the file or folder if it exists, and if both its path and where symbolic links lead from there are
        # offered.
        try:
            file = (folder / relative).resolve()
        except RuntimeError:  # links in a circle, before Python 3.13
            return None
        if not file.is_relative_to(folder) or any(map(_hidden, (*relative.parts, *file.relative_to(folder).parts))):
            return None
        return file if file.is_file() or file.is_dir() else None

    def _list(self, path: str) -> list[bytes]:
        found: dict[str, bool] = {}
        for folder, relative in self._candidates(path):
            place = self._offered(folder, relative)
            if place is not None and place.is_dir():
                with os.scandir(place) as entries:
                    names = [entry.name for entry in islice(entries, LISTED_FILES + 1)]
                if len(names) > LISTED_FILES:
                    raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(place))
                for name in names:
                    # Names are sent as lines of UTF-8 text; a name that is no such text is left out.
                    if name.isprintable() and self._offered(folder, relative / name) is not None:
                        found.setdefault(name, (place / name).is_dir())
        if path == "/":
            found.update(dict.fromkeys((*self._mounts, *(self._files.keys() - self._aside)), True))
        return [(b"d" if is_folder else b"f") + name.encode() for name, is_folder in sorted(found.items())]


def path_of(question: bytes) -> str:
    """Return the path of the file whose content a question wants from its begin on, "" for another question."""
    try:
        kind, path, (at, _) = _parsed(question[:QUESTION_BYTES])
    except ValueError:
        return ""
    return path if kind in _CONTENTS and at == 0 else ""


def _parsed(question: bytes) -> tuple[bytes, str, Block]:
    """Return the kind of a question, its path, and the place and size of the block that it wants."""
    kind, rest, block = question[:1], question[1:], (0, 0)
    if kind == b"b":
        at, size, rest = rest.split(b",", 2)
        block = (int(at), int(size))
    return kind, rest.decode("utf-8", "replace"), block


def _content(file: Path, kind: bytes, block: Block, most: int) -> bytes | None:
    if kind == b"b":
        _size(file)  # what does not tell its size has no blocks
        at, size = block
        return read_block(file, at, min(size, most)) if at >= 0 and size >= 0 else None
    return read_file(file, most) if kind == b"r" else None


def _answer_of(files: Mapping[str, Path], kind: bytes, place: tuple[str, ...], block: Block, most: int) -> bytes | None:
    """Return the answer for a folder whose files are in several folders of the host; ``place`` is the path in it."""
    if kind == b"l":
        return b"" if place else b"\n".join(b"f" + name.encode() for name in sorted(files))
    if not place:
        return b"-1" if kind == b"s" else None
    file = files.get("/".join(place))
    if file is None:
        return None
    return b"%d" % _size(file) if kind == b"s" else _content(file, kind, block, most)


def _size(file: Path) -> int:
    size = file.stat().st_size
    if size > GUEST_FILE_BYTES:
        raise OSError(errno.EFBIG, "too large for a guest")
    return size


def _hidden(name: str) -> bool:
    return name.startswith(".")
