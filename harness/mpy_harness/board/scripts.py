"""Scripts for MicroPython that run on a board as they are: with their files, import path and exit status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from mpy_harness.board.board import Board
from mpy_harness.board.device_path import folders_for, import_mounts
from mpy_harness.board.expected_output import PythonScript
from mpy_harness.board.hostfiles import HostFiles
from mpy_harness.board.imports import Imports, imports_of, module_file, parse, shadows
from mpy_harness.board.natmod_loader import build_module
from mpy_harness.board.script_tests import ScriptTest, ScriptTests, collect_tests
from mpy_harness.firmware.natmods import MakeWords, NatmodBuild
from mpy_harness.firmware.progress import Progress
from mpy_harness.targets import Target

_BUILT = "natmod_builds"  # where the guest sees the modules that were built for a script
_IN_GUEST = Path(__file__).parent / "in_guest"
#: The status of a script that ended before it defined the test that was to run.
ENDED_EARLY = "ended before it defined this test"
_RUNNER, _RUNNER_FOLDER, _FALLBACK_FOLDER = "_mpyh_tests", "_mpyh", "fallback"


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
    (native modules that are folders there are built, with ``words`` for make), and ``/``, in this order.
    """

    path: Path
    cwd: Path
    device_path: tuple[Path, ...] = ()
    natmods: tuple[Path, ...] = ()
    words: MakeWords = field(default_factory=MakeWords)

    def on(self, target: Target) -> DeviceScript:
        """Return the script as a target imports it: with the folders of its architecture on the device path."""
        folders = folders_for(self.device_path, target)
        return self if folders == self.device_path else replace(self, device_path=folders)

    @cached_property
    def tests(self) -> ScriptTests:
        """The script's tests: its top-level ``test_*`` functions, and the methods of its TestCases."""
        tree = parse(self.path)
        return ScriptTests() if tree is None else collect_tests(tree, uses_unittest=self.uses_unittest)

    @property
    def for_cpython(self) -> PythonScript:
        """Return the script as CPython can run it."""
        return PythonScript(
            self.path.resolve(), tuple(file.resolve() for file in self._imports.sources if file.is_file())
        )

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
            name: build_module(folder, target, micropython, progress, self.words)
            for name, folder in self._imports.natmods.items()
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
        runner = {file.relative_to(_IN_GUEST).as_posix(): file for file in _IN_GUEST.rglob("*.py")}
        return HostFiles((self.cwd, self.path.resolve().parent), mounts, {_RUNNER_FOLDER: runner})

    def run(
        self,
        board: Board,
        test: ScriptTest | None = None,
        arguments: Sequence[str] = (),
        *,
        timeout: float | None = None,
    ) -> Any:
        """Run the script, or one test of it; return its exit status as ``sys.exit`` got it (0: none).

        Of a script that uses unittest and is run as a whole, all TestCases are run, as if it called unittest.main().
        """
        # Built modules come first: where the script's folder has a folder of the same name, that holds their sources.
        built = [f"/{_BUILT}"] if f"/{_BUILT}" in (board.host_files.imports or ()) else []
        words: list[Any] = list(arguments)
        module, function = self.path.stem, test.function if test else None
        if self.uses_unittest or self._shadows or (test is not None and test.is_coroutine):
            words = [self._plan(test, arguments)]
            module, function = _RUNNER, "run"
            built = [f"/{_RUNNER_FOLDER}", *built]
        return board.requests.run("script", self.guest_path, module, function, words, built, timeout=timeout)

    def _plan(self, test: ScriptTest | None, arguments: Sequence[str]) -> dict[str, Any]:
        """Return what in_guest/_mpyh_tests.py is told."""
        folder = f"/{_RUNNER_FOLDER}"
        cases = [each for each in self.tests.tests if each.case]
        return {
            "arguments": list(arguments),
            "folder": folder,
            "fallback": f"{folder}/{_FALLBACK_FOLDER}" if self.uses_unittest else "",
            "builtins": self._shadows,
            "module": self.path.stem,
            "ended_early": ENDED_EARLY,
            "case": test.case if test else None,
            "function": test.function if test else None,
            "seen": [each.name for each in cases] if cases and test == cases[0] else [],
        }

    @property
    def uses_unittest(self) -> bool:
        """Tell whether the script, or a Python file that it imports, imports unittest."""
        return "unittest" in self._imports.names

    @cached_property
    def _shadows(self) -> list[str]:
        # A folder without __init__.py must not hide a module of the firmware that has its name.
        folders = [self.path.resolve().parent, self.cwd.resolve(), *self.device_path]
        return sorted(self._imports.names.intersection(name for folder in folders for name in shadows(folder)))

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
