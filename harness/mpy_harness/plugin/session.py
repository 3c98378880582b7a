"""What one pytest process has: its settings, its boards, what its tests measured."""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from mpy_harness import machines
from mpy_harness.board.board import Board
from mpy_harness.board.hostfiles import HostFiles
from mpy_harness.board.pool import BoardPool
from mpy_harness.board.scripts import DeviceScript, import_mounts
from mpy_harness.errors import ToolMissing
from mpy_harness.firmware.toolchain import toolchain
from mpy_harness.measurements.carried import Carried
from mpy_harness.plugin.compiler import Compiler
from mpy_harness.plugin.markers import counting_of
from mpy_harness.plugin.options import OPTIONS, Settings, read_settings
from mpy_harness.plugin.progress import TerminalProgress
from mpy_harness.plugin.records import Records
from mpy_harness.programs.build import Program
from mpy_harness.programs.program import CProgram
from mpy_harness.resources import scratch
from mpy_harness.targets import Target

_TAIL_LINES = 20


class Session:
    """The part of a run that one pytest process does."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.settings: Settings = read_settings(config)
        worker = os.environ.get("PYTEST_XDIST_WORKER", "")
        self.pool = BoardPool(
            config.rootpath / ".mpy-harness" / "console",
            micropython=self.settings.micropython,
            given_firmware=self.settings.firmware,
            timeout=self.settings.timeout,
            label=f"-{worker}" if worker else "",
            progress=TerminalProgress(config),
        )
        self.records = Records(config.rootpath)
        self._temporary: Path | None = None
        self._logs_wanted = False
        self._current: dict[str, Board] = {}

    def board(self, item: pytest.Item, target_name: str, host_files: HostFiles | None = None) -> Board:
        """Return a fresh board for a test, counting what its marker ``counting`` says; the log says whose turn it is.

        A missing tool raises ToolMissing, or skips the test where the configuration says that the target may be absent.
        """
        target = self._target(target_name)
        self._prepare_logs()
        files = host_files or HostFiles((), import_mounts(self.settings.device_path))
        with self._tools_or_skip(item, target):
            board = self.pool.board(target, files, counting_of(item, self.settings.counting))
        board.console.begin(item.nodeid)
        board.forget()
        self._current[item.nodeid] = board
        return board

    def script_board(self, item: pytest.Item, target_name: str, script: DeviceScript) -> Board:
        """Return a fresh board that can import what the script does, native modules built for it."""
        target = self._target(target_name)
        with self._tools_or_skip(item, target):
            modules = script.modules(target, self.settings.micropython, self.pool.progress)
        for build in modules.builds.values():
            self.records.natmod(item, build)
        board = self.board(item, target_name, script.host_files(modules))
        board.may_import(*modules.builds.values(), *modules.files)
        return board

    def compiler(self, item: pytest.Item, target: Target, bases: Sequence[Path], folder: Path) -> Compiler:
        """Return what compiles plain C for a test. A missing tool does what it does for ``board``."""
        with self._tools_or_skip(item, target):
            machines.kind_of(target).find()
            if not target.is_published:
                toolchain(target.cross, target.built.micropython)
        mode = counting_of(item, self.settings.counting)

        def make(program: Program) -> CProgram:
            log = folder / "program.log"
            return CProgram(program, log, mode, self.settings.timeout, self.pool.progress)

        return Compiler(target, bases, folder, make)

    def _target(self, name: str) -> Target:
        return next(target for target in self.settings.targets if target.name == name)

    @contextmanager
    def _tools_or_skip(self, item: pytest.Item, target: Target) -> Iterator[None]:
        try:
            yield
        except ToolMissing as error:
            if target.name not in self.settings.may_be_absent:
                raise
            reason = f"target {target.name}: {error}"
            self.records.missing(item, reason)
            pytest.skip(reason)

    def used_by(self, item: pytest.Item) -> Board | None:
        """Return the board that a test used."""
        return self._current.get(item.nodeid)

    def finish(self, item: pytest.Item) -> Carried:
        """Return what a test measured, which is over; its board is free."""
        self._current.pop(item.nodeid, None)
        return self.records.finish(item)

    def explain(self, item: pytest.Item, board: Board) -> list[tuple[str, str]]:
        """Return the sections that a failed test's report gets."""
        self._logs_wanted = True
        tail = board.console.tail(_TAIL_LINES)
        return [
            ("last console lines", tail or "(the guest printed nothing)"),
            ("console log", str(board.console.log_path)),
            ("run it again", self._reproduce(item)),
        ]

    def close(self) -> None:
        """End the boards. Logs in a temporary folder are kept if the report of a failed test names them."""
        self.pool.close()
        if self._temporary is not None and not self._logs_wanted:
            shutil.rmtree(self._temporary, ignore_errors=True)

    def _reproduce(self, item: pytest.Item) -> str:
        # Paths are relative to where pytest was called, which is what a device script sees as its current folder.
        here = self.config.invocation_params.dir
        words = ["pytest", os.path.relpath(item.path, here) + item.nodeid[item.nodeid.index("::") :]]
        for option in OPTIONS:
            for value in option.given(self.config) if option.is_repeated else ():
                words += [option.flag, value]
        return shlex.join(words)

    def _prepare_logs(self) -> None:
        if self._temporary is not None:
            return
        try:
            scratch(self.config.rootpath)
        except OSError:  # a read-only checkout, as in a container
            self._temporary = Path(tempfile.mkdtemp(prefix="mpy-harness-"))
            self.pool.log_folder = self._temporary / "console"
            (self._temporary / ".gitignore").touch()
