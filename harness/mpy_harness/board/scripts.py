"""Run plain MicroPython scripts on a board as they are: with their files, their import path, their exit status."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mpy_harness.board.board import Board
from mpy_harness.board.hostfiles import HostFiles


def import_mounts(device_path: Sequence[Path]) -> dict[str, Path]:
    """Return names in the guest for folders that are to be on its import path."""
    return {f"device_path_{number}": folder for number, folder in enumerate(device_path)}


@dataclass(frozen=True)
class DeviceScript:
    """A script of the host that shall run in the guest.

    The guest sees the current folder ``cwd`` at ``/`` and, where that has no file of a name, the
    script's own folder; the folders of ``device_path`` are on its import path.
    """

    path: Path
    cwd: Path
    device_path: tuple[Path, ...] = ()

    def test_functions(self) -> list[tuple[str, int]]:
        """Return names and line numbers of the script's top-level ``test_*`` functions."""
        try:
            tree = ast.parse(self.path.read_bytes())
        except (SyntaxError, ValueError):
            return []  # the guest will say what it thinks of it
        return [
            (node.name, node.lineno)
            for node in tree.body
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        ]

    @property
    def guest_path(self) -> str:
        """Return the script's path as the guest sees it."""
        path, cwd = self.path.resolve(), self.cwd.resolve()
        return "/" + (path.relative_to(cwd).as_posix() if path.is_relative_to(cwd) else path.name)

    def host_files(self) -> HostFiles:
        """Return what the guest may read."""
        return HostFiles((self.cwd, self.path.resolve().parent), import_mounts(self.device_path))

    def run(
        self,
        board: Board,
        function: str | None = None,
        arguments: Sequence[str] = (),
        *,
        timeout: float | None = None,
    ) -> Any:
        """Run the script, or one function of it; return its exit status as ``sys.exit`` got it (0: none)."""
        return board.request("script", self.guest_path, self.path.stem, function, list(arguments), timeout=timeout)
