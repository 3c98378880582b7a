"""The host folders that a guest may read, and nothing else of the host.

Guest code may be hostile: it reads only below the folders that were offered, never through a symbolic
link that leads out of them, and no hidden file (``.git``, ``.env`` and the like hold secrets).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath


class HostFiles:
    """Answers a guest's questions about files; writing is not possible.

    ``root`` lists the folders whose content the guest sees at ``/``, the first that has a file wins;
    ``mounts`` maps a top-level name in the guest to a folder to import from.
    """

    def __init__(self, root: Sequence[Path] = (), mounts: dict[str, Path] | None = None) -> None:
        self._root = [folder.resolve() for folder in root]
        self._mounts = {name: folder.resolve() for name, folder in (mounts or {}).items()}

    @property
    def imports(self) -> list[str] | None:
        """Return where the mounts are in the guest, for its import path; None where nothing is offered."""
        return [f"/{name}" for name in self._mounts] if self._root or self._mounts else None

    def answer(self, question: bytes) -> bytes:
        """Return the answer to ``s`` (size), ``r`` (content) or ``l`` (list) and a path.

        It begins with ``+``, or is ``-`` where there is no such thing.
        """
        kind, path = question[:1], question[1:].decode("utf-8", "replace")
        try:
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
        # What exists, and is offered both by its own path and where that leads to through symbolic links.
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
                    # Names go to the guest as lines of UTF-8; one that is none cannot.
                    if entry.name.isprintable() and self._offered(folder, relative / entry.name) is not None:
                        found.setdefault(entry.name, entry.is_dir())
        if path == "/":
            found.update(dict.fromkeys(self._mounts, True))
        return [(b"d" if is_folder else b"f") + name.encode() for name, is_folder in sorted(found.items())]


def _hidden(name: str) -> bool:
    return name.startswith(".")
