"""What one pytest process has: its settings, its boards, what its tests measured."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from mpy_harness import machines
from mpy_harness.board.asked import asked
from mpy_harness.board.board import Board
from mpy_harness.board.device_path import folders_for, import_mounts
from mpy_harness.board.expected_output import CPythonOutputs
from mpy_harness.board.hostfiles import HostFiles
from mpy_harness.board.pool import BoardPool
from mpy_harness.board.scripts import DeviceScript
from mpy_harness.errors import TargetInvalid, ToolMissing
from mpy_harness.measurements.carried import Carried
from mpy_harness.memcheck.coverage import Coverage, merge
from mpy_harness.plugin import gdb
from mpy_harness.plugin.absent import skipped_where_absent
from mpy_harness.plugin.compiler import Compiler
from mpy_harness.plugin.markers import check_of, counting_of, guest_time_of, reset_of
from mpy_harness.plugin.options import OPTIONS, Settings, read_settings
from mpy_harness.plugin.progress import TerminalProgress
from mpy_harness.plugin.records import Records
from mpy_harness.programs.build import Program, check_can_build, check_tools
from mpy_harness.programs.program import CProgram
from mpy_harness.resources import scratch
from mpy_harness.targets import Target, load_target

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
            attach=gdb.attaching(config),
        )
        self.records = Records(config.rootpath, self.settings.parts_of)
        workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
        self.cpython_outputs = CPythonOutputs((os.cpu_count() or 1) // workers)
        #: Which lines of native modules ran in workers, as far as they have told.
        self.coverage_of_workers: Coverage = {}
        self._temporary: Path | None = None
        self._logs_wanted = False
        self._said: set[str] = set()
        self._current: dict[str, list[Board]] = {}
        self._scripts: set[str] = set()

    def native_coverage(self) -> Coverage:
        """Return which lines of native modules ran, here and in workers that have ended."""
        coverage = self.pool.native_coverage()
        merge(coverage, self.coverage_of_workers)
        return coverage

    def board(self, item: pytest.Item, target_name: str, host_files: HostFiles | None = None) -> Board:
        """Return a fresh board for a test, counting what its marker ``counting`` says; the log says whose turn it is.

        One that the test has already is not taken from it: the next call gives another. A missing tool raises
        ToolMissing, or skips the test where the configuration says that the target may be absent.
        """
        target = self.target_of(item, target_name)
        self._check(target, target.check_micropython)
        self._prepare_logs()
        boards = self._current.setdefault(item.nodeid, [])
        number = sum(board.target.name == target.name for board in boards)
        files = host_files or HostFiles((), import_mounts(folders_for(self.settings.device_path, target)))
        with skipped_where_absent(lambda: target), self._tools_or_skip(item, target):
            mode, check = counting_of(item, self.settings.counting), check_of(item, self.settings.check)
            reset = reset_of(item, self.settings.reset)
            guest_time = guest_time_of(item, self.settings.guest_time)
            covers = self.settings.native_coverage is not None
            board = self.pool.board(
                target, files, mode, number, reset, check=check, covers=covers, guest_time=guest_time
            )
        board.console.begin(item.nodeid)
        board.forget()
        boards.append(board)
        return board

    def script_board(self, item: pytest.Item, target_name: str, script: DeviceScript) -> Board:
        """Return a fresh board that can import what the script does, native modules built for it."""
        self._scripts.add(item.nodeid)
        target = self.target_of(item, target_name)
        self._check(target, target.check_micropython)
        with self._tools_or_skip(item, target):
            modules = script.modules(target, self.settings.micropython, self.pool.progress)
        for build in modules.builds.values():
            self.records.natmod(item, build, target_name)
        board = self.board(item, target_name, script.host_files(modules))
        board.may_import(*modules.builds.values(), *modules.files)
        return board

    def compiler(self, item: pytest.Item, target: Target, bases: Sequence[Path], folder: Path) -> Compiler:
        """Return what compiles plain C for a test. A missing tool does what it does for ``board``."""
        self._check(target, lambda: check_can_build(target))
        with self._tools_or_skip(item, target):
            machines.kind_of(target).find()
            if target.is_built or target.is_plain:
                check_tools(target)
        mode = counting_of(item, self.settings.counting)

        def make(program: Program) -> CProgram:
            log = folder / "program.log"
            return CProgram(program, log, mode, self.settings.timeout, self.pool.progress)

        return Compiler(target, bases, folder, make)

    def target(self, name: str) -> Target:
        """Return a target of this run, or another one by its name or folder, with what its board says of itself.

        Raises TargetInvalid, and what connecting with a board raises.
        """
        return asked(self._target(name))

    def target_of(self, item: pytest.Item, name: str) -> Target:
        """Return the target of a test. A missing tool does what it does for ``board``."""
        with self._tools_or_skip(item, self._target(name)):
            return self.target(name)

    def _target(self, name: str) -> Target:
        for target in self.settings.targets:
            if target.name == name:
                return target
        if self.settings.firmware is not None:
            raise TargetInvalid(f"--firmware is for {self.settings.targets[0].name} alone: leave it out for {name}.")
        return load_target(name, self.config.rootpath)

    def _check(self, target: Target, check: Callable[[], None]) -> None:
        """Raise TargetInvalid where a target has not what a test is for, or skip where only a pattern stands for it."""
        try:
            check()
        except TargetInvalid as error:
            if target.name in self.settings.may_be_absent:
                pytest.skip(str(error))
            raise

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
        """Return the board that a test used, the first of several; its budgets and cases are about that one."""
        return next(iter(self._current.get(item.nodeid, ())), None)

    def all_used_by(self, item: pytest.Item) -> Sequence[Board]:
        """Return all boards that a test used."""
        return self._current.get(item.nodeid, ())

    def finish(self, item: pytest.Item) -> Carried:
        """Return what a test measured, which is over; its boards are free."""
        self._current.pop(item.nodeid, None)
        return self.records.finish(item)

    def explain(self, item: pytest.Item) -> Iterator[tuple[str, str]]:
        """Yield the sections that a failed test's report gets."""
        self._logs_wanted = True
        boards = self.all_used_by(item)
        for number, board in enumerate(boards, 1):
            which = f" of board {number}, {board.target.name}" if len(boards) > 1 else ""
            yield f"last console lines{which}", board.console.tail(_TAIL_LINES) or "(the guest printed nothing)"
            yield f"console log{which}", str(board.console.log_path)
        yield "run it again", self._reproduce(item)

    def failed_folder(self) -> Path:
        """Return where the arrays of failed cases go, beside the logs of consoles."""
        self._prepare_logs()
        self._logs_wanted = True
        return self.pool.log_folder.parent / "failed"

    def once(self, message: str) -> str:
        """Return a failure's text, of one that was reported before its begin: what to do has been said there."""
        if message in self._said:
            begin = re.split(r"(?<=\w)[;.:]\s", message.partition(": ")[2], maxsplit=1)[0]
            return f"{message.partition(': ')[0]}: {begin} (what to do is said at the first test that ends like this)"
        self._said |= {message} - {""}
        return message

    def close(self) -> None:
        """End the boards. Logs in a temporary folder are kept if the report of a failed test names them."""
        self.pool.close()
        self.cpython_outputs.close()
        if self._temporary is not None and not self._logs_wanted:
            shutil.rmtree(self._temporary, ignore_errors=True)

    def _reproduce(self, item: pytest.Item) -> str:
        # Paths are relative to where pytest was called, which is what a device script sees as its current folder.
        here = self.config.invocation_params.dir
        file = os.path.relpath(item.path, here)
        words = ["pytest", file + item.nodeid[item.nodeid.index("::") :]]
        for option in OPTIONS:
            values = option.given(self.config) if option.is_repeated else []
            if option.key == "mpy_device_scripts" and item.nodeid in self._scripts:
                values = values and [file]  # this one of what may be hundreds
            for value in values:
                if option.kind == "bool":
                    words.append(option.flag)
                else:
                    words += [f"{option.flag}={value}"] if value.startswith("-") else [option.flag, value]
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
