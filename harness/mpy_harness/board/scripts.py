"""Scripts for MicroPython that run on a board as they are: with their files, import path and exit status."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from mpy_harness.board.board import Board
from mpy_harness.board.hostfiles import HostFiles
from mpy_harness.board.imports import Imports, imports_of, module_file, parse
from mpy_harness.board.natmod_loader import build_module
from mpy_harness.firmware.natmods import NatmodBuild
from mpy_harness.firmware.progress import Progress
from mpy_harness.targets import Target

_BUILT = "natmod_builds"  # where the guest sees the modules that were built for a script


def import_mounts(device_path: Sequence[Path]) -> dict[str, Path]:
    """Return names in the guest for folders that are to be on its import path."""
    return {f"device_path_{number}": folder for number, folder in enumerate(device_path)}


@dataclass(frozen=True)
class ScriptModules:
    """The native modules that a script imports: built, by the name that it uses, and finished .mpy files."""

    builds: Mapping[str, NatmodBuild] = field(default_factory=dict)
    files: tuple[Path, ...] = ()


@dataclass(frozen=True)
class DeviceScript:
    """A script of the host that is to run in the guest.

    The guest sees the content of the current folder ``cwd`` at ``/``, and that of the script's own folder where ``cwd``
    has no file of the same path. It imports from the script's folder, those of ``device_path``, those of ``natmods``
    (native modules that are folders there are built), and ``/``, in this order.
    """

    path: Path
    cwd: Path
    device_path: tuple[Path, ...] = ()
    natmods: tuple[Path, ...] = ()

    def test_functions(self) -> list[tuple[str, int]]:
        """Return names and line numbers of the script's top-level ``test_*`` functions."""
        tree = parse(self.path)
        return [
            (node.name, node.lineno)
            for node in (tree.body if tree is not None else ())
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        ]

    @property
    def guest_path(self) -> str:
        """Return the script's path as the guest sees it."""
        path, cwd = self.path.resolve(), self.cwd.resolve()
        return "/" + (path.relative_to(cwd).as_posix() if path.is_relative_to(cwd) else path.name)

    def modules(
        self, target: Target, micropython: Path | None = None, progress: Progress | None = None
    ) -> ScriptModules:
        """Build the native modules that the script imports, unless they are built, and return them.

        Raises NatmodInvalid or ToolMissing.
        """
        builds = {
            name: build_module(folder, target, micropython, progress) for name, folder in self._imports.natmods.items()
        }
        return ScriptModules(builds, tuple(self._imports.files))

    def host_files(self, modules: ScriptModules | None = None) -> HostFiles:
        """Return what the guest may read, ``modules`` being what the script imports."""
        mounts: dict[str, Path | Mapping[str, Path]] = {}
        if modules is not None and modules.builds:
            mounts[_BUILT] = {f"{name}.mpy": build.path for name, build in modules.builds.items()}
        mounts |= import_mounts(self.device_path)
        for number, folder in enumerate(self.natmods):
            mounts[f"natmod_files_{number}"] = _modules_in(folder)
        return HostFiles((self.cwd, self.path.resolve().parent), mounts)

    def run(
        self,
        board: Board,
        function: str | None = None,
        arguments: Sequence[str] = (),
        *,
        timeout: float | None = None,
    ) -> Any:
        """Run the script, or one function of it; return its exit status as ``sys.exit`` got it (0: none)."""
        # Built modules come first: where the script's folder has a folder of the same name, that holds their sources.
        built = [f"/{_BUILT}"] if f"/{_BUILT}" in (board.host_files.imports or ()) else []
        return board.requests.run(
            "script", self.guest_path, self.path.stem, function, list(arguments), built, timeout=timeout
        )

    @cached_property
    def _imports(self) -> Imports:
        own = (self.path.resolve().parent, *self.device_path)
        return imports_of(self.path, own, self.natmods, (self.cwd,))


def _modules_in(folder: Path) -> dict[str, Path]:
    """Return the finished modules in a folder by their file names, without those in its subfolders."""
    files = {file for entry in folder.iterdir() if (file := module_file(folder / entry.stem))}
    return {
        file.name: file
        for file in files
        if not file.name.startswith(".") and file.resolve().is_relative_to(folder.resolve())
    }
