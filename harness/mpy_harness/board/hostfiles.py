"""The host folders that a guest may read, and nothing else of the host.

Guest code may be hostile. It can read only what lies in folders that were offered: no file that a symbolic link leads
to elsewhere, and no hidden file, because ``.git``, ``.env`` and the like hold secrets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath


class HostFiles:
    """Answers a guest's questions about files; writing is not possible.

    ``root`` lists the folders whose content the guest sees at ``/``: of files with the same path, that of the first
    folder. ``mounts`` maps names of top-level folders in the guest, from which it can import, to a folder of the host,
    or to files of the host by their names in the guest's folder.
    """

    def __init__(
        self, root: Sequence[Path] = (), mounts: Mapping[str, Path | Mapping[str, Path]] | None = None
    ) -> None:
        self._root = [folder.resolve() for folder in root]
        self._mounts: dict[str, Path] = {}
        self._files: dict[str, Mapping[str, Path]] = {}
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

    def answer(self, question: bytes) -> bytes:
        """Return the answer to ``s`` (size), ``r`` (content) or ``l`` (list) and a path.

        It begins with ``+``, or is ``-`` where there is no such thing.
        """
        kind, path = question[:1], question[1:].decode("utf-8", "replace")
        try:
            place = PurePosixPath(path).parts[1:]
            if place and place[0] in self._files:
                return _answer_of(self._files[place[0]], kind, place[1:])
            if kind == b"l":
                return b"+" + b"\n".join(self._list(path))
            file = self._find(path)
            if file is None:
                return b"-"
            if kind == b"s":
                return b"+%d" % (-1 if file.is_dir() else file.stat().st_size)
            return b"+" + file.read_bytes() if kind == b"r" and file.is_file() else b"-"
        except (OSError, ValueError):  # gone meanwhile, not permitted, or a name with a NUL
            return b"-"

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
                for entry in place.iterdir():
                    # Names are sent as lines of UTF-8 text; a name that is no such text is left out.
                    if entry.name.isprintable() and self._offered(folder, relative / entry.name) is not None:
                        found.setdefault(entry.name, entry.is_dir())
        if path == "/":
            found.update(dict.fromkeys((*self._mounts, *self._files), True))
        return [(b"d" if is_folder else b"f") + name.encode() for name, is_folder in sorted(found.items())]


def _answer_of(files: Mapping[str, Path], kind: bytes, place: tuple[str, ...]) -> bytes:
    """Return the answer for a folder whose files are in several folders of the host; ``place`` is the path in it."""
    if kind == b"l":
        return b"+" + (b"" if place else b"\n".join(b"f" + name.encode() for name in sorted(files)))
    if not place:
        return b"+-1" if kind == b"s" else b"-"
    file = files.get("/".join(place))
    if file is None or kind not in {b"s", b"r"}:
        return b"-"
    return b"+%d" % file.stat().st_size if kind == b"s" else b"+" + file.read_bytes()


def _hidden(name: str) -> bool:
    return name.startswith(".")
