"""The guest's files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mpy_harness.board.requests import Requests
from mpy_harness.limits import ANSWER_BYTES
from mpy_harness.resources import read_file


class BoardFiles:
    """Put, get and list files of the guest; what a test writes is gone with its board's next reset."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests

    def put(self, source: bytes | str | Path, destination: str) -> None:
        """Write a file in the guest: bytes, or a file of the host given by its path.

        Folders on the way are made.
        """
        data = source if isinstance(source, bytes) else read_file(Path(source), ANSWER_BYTES)
        self._requests.run("write", destination, data)

    def get(self, path: str) -> bytes:
        """Return a guest file's content."""
        content: Any = self._requests.run("read", path)
        return bytes(content)

    def list(self, path: str = "/") -> list[str]:
        """Return the names in a guest folder, sorted; those of folders end with a slash."""
        return sorted(name + "/" * is_folder for name, is_folder in self._requests.run("list", path))
