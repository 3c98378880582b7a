"""Device scripts as pytest tests: each ``test_*`` function, or the script as a whole."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase as fnmatch
from pathlib import Path
from typing import Any

import pytest

from mpy_harness.board.expected_output import difference, file_beside, read_expected
from mpy_harness.board.script_tests import ScriptTest
from mpy_harness.board.scripts import ENDED_EARLY, DeviceScript
from mpy_harness.errors import (
    CorruptModule,
    GuestException,
    GuestFailure,
    GuestTimeout,
    IncompatibleModule,
    ScriptFailed,
)
from mpy_harness.plugin.options import Settings
from mpy_harness.plugin.session import Session
from mpy_harness.targets import Target


def add_arguments(config: pytest.Config, settings: Settings) -> None:
    """Have pytest collect the device scripts.

    Scripts that a flag names run in addition to the paths on the command line, those that the configuration names
    only where there are no such paths.
    """
    if not settings.device_scripts:
        return
    by_flag = bool(config.getoption("mpy_device_scripts"))
    if config.args_source is pytest.Config.ArgsSource.ARGS:
        here = config.invocation_params.dir
        named = [(here / argument.partition("::")[0]).resolve() for argument in config.args]
        # A script or folder of which a part was named is not wanted as a whole.
        scripts = [path for path in settings.device_scripts if not any(one.is_relative_to(path) for one in named)]
        config.args += [str(path) for path in scripts if by_flag]
    else:
        if by_flag:
            config.args[:] = []
        config.args += [str(path) for path in settings.device_scripts if str(path) not in config.args]


def is_device_script(path: Path, settings: Settings) -> bool:
    """Tell whether a file is one of the device scripts that were asked for."""
    if path in settings.device_scripts:
        return True
    named = path.suffix == ".py" and any(fnmatch(path.name, pattern) for pattern in settings.device_patterns)
    return named and any(path.is_relative_to(folder) for folder in settings.device_scripts if folder.is_dir())


def begin_outputs(found: Sequence[pytest.Item], session: Session) -> None:
    """Begin to make CPython's outputs that the collected scripts will be compared with."""
    files = {item.file for item in found if isinstance(item, ScriptItem)}
    session.cpython_outputs.begin(file.script.for_cpython for file in files if file.compares_with_cpython)


def _advice(error: GuestFailure) -> str:
    match error:
        case GuestTimeout():
            return "\nIf it needs longer: --board-timeout SECONDS"
        case GuestException(type="ImportError") if error.message.startswith("no module named"):
            return (
                "\nThe guest imports from the script's folder, the current one, and those that are named: "
                "--device-path FOLDER (.mpy and .py files), --natmods FOLDER (native modules in C)"
            )
    return ""


def _skipped(reason: str) -> BaseException:
    # pytest.skip() would say that we skipped: the report shall name the script's line.
    return pytest.skip.Exception(reason, _use_item_location=True)


class ScriptFile(pytest.File):
    """A device script."""

    session_of_ours: Session
    script: DeviceScript
    _on: dict[str, DeviceScript]  # by target: its imports are read once, not for each test

    @classmethod
    def make(cls, parent: pytest.Collector, path: Path, session: Session) -> ScriptFile:
        """Return the collector of a script."""
        node: ScriptFile = cls.from_parent(parent, path=path)
        node.session_of_ours = session
        cwd = parent.config.invocation_params.dir
        node.script = DeviceScript(
            path, cwd, session.settings.device_path, session.settings.natmods, session.settings.make_words
        )
        node._on = {}
        return node

    def script_on(self, target: Target) -> DeviceScript:
        """Return the script as a target imports it."""
        if target.name not in self._on:
            self._on[target.name] = self.script.on(target)
        return self._on[target.name]

    @property
    def exp(self) -> Path | None:
        """The file with what the script is to print, None where there is none."""
        return file_beside(self.path)

    @property
    def compares_with_cpython(self) -> bool:
        """Tell whether the script is to print what CPython prints; tests of unittest have their own verdicts."""
        asked = self.session_of_ours.settings.expects_cpython
        return asked and self.exp is None and not self.script.uses_unittest

    @property
    def compares(self) -> bool:
        """Tell whether what the script prints is its verdict: then it is one test, whatever functions it has."""
        return self.exp is not None or self.compares_with_cpython

    def check(self, printed: str) -> None:
        """Raise ScriptFailed unless the script printed what it is to print, where that is known."""
        if not self.compares:
            return
        outputs = self.session_of_ours.cpython_outputs
        expected = read_expected(self.exp) if self.exp else outputs.of(self.script.for_cpython)
        if told := difference(expected, printed):
            source = self.exp.name if self.exp else "CPython's output"
            raise ScriptFailed(f"{self.path.name} did not print what it is to print ({source}):\n{told}")

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        """Return the script's tests, for each target; those of a TestCase are below a node of its name."""
        if self.compares:
            yield from items(self, self, [None])
            return
        for name in self.script.tests.not_tests:
            words = f"{self.path.name}: {name} is no test, because it wants arguments"
            warnings.warn(pytest.PytestCollectionWarning(words), stacklevel=1)
        tests = self.script.tests.tests
        cases: dict[str | None, list[ScriptTest]] = {}
        for test in tests:
            cases.setdefault(test.case, []).append(test)
        for case, methods in cases.items():
            if case is None:
                yield from items(self, self, methods)
            else:
                node: ScriptCase = ScriptCase.from_parent(self, name=case)
                node.tests = methods
                yield node
        if not tests:
            yield from items(self, self, [None])


class ScriptCase(pytest.Collector):
    """A TestCase of a device script."""

    tests: list[ScriptTest]

    def collect(self) -> Iterator[pytest.Item]:
        """Return the tests of its methods, for each target."""
        assert isinstance(self.parent, ScriptFile)  # noqa: S101 - made by it
        yield from items(self, self.parent, self.tests)


def items(parent: pytest.Collector, file: ScriptFile, tests: Sequence[ScriptTest | None]) -> Iterator[ScriptItem]:
    """Yield an item for each test and target; None is the script as a whole."""
    for test in tests:
        for target in file.session_of_ours.settings.targets:
            name = f"{test.function if test else 'script'}[{target.name}]"
            # With its id given, pytest takes the brackets for parameters, and --lf finds the test again.
            item = ScriptItem.from_parent(parent, name=name, nodeid=f"{parent.nodeid}::{name}")
            item.file, item.test, item.target_name = file, test, target.name
            yield item


class ScriptItem(pytest.Item):
    """One test in the guest."""

    file: ScriptFile
    test: ScriptTest | None  # not "function": pytest takes that for a Python function
    target_name: str

    def runtest(self) -> None:
        """Run it on a fresh board; what it printed goes into the report."""
        session = self.file.session_of_ours
        script = self.file.script_on(session.target_of(self, self.target_name))
        board = session.script_board(self, self.target_name, script)
        try:
            status = script.run(board, self.test)
        except GuestException as error:
            self.add_report_section("call", "guest output", error.output.replace("\r\n", "\n"))
            if error.type == "SkipTest":
                raise _skipped(error.message or "the script skipped itself") from None
            raise
        except (CorruptModule, IncompatibleModule):
            self.add_report_section("call", "guest output", board.output)
            raise
        self.add_report_section("call", "guest output", board.output)
        is_skipped = board.output.splitlines()[-1:] == ["SKIP"]  # the convention of MicroPython's own tests
        if status == ENDED_EARLY and not is_skipped:
            raise ScriptFailed(f"{script.path.name} {ENDED_EARLY}")
        if status not in (0, None, ENDED_EARLY):
            raise ScriptFailed(f"{script.path.name} ended with sys.exit({status!r})")
        if is_skipped:
            raise _skipped("the script printed SKIP")
        self.file.check(board.output)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show the guest's view; our own frames would say nothing."""
        if isinstance(excinfo.value, GuestFailure):
            return f"{type(excinfo.value).__name__}: {excinfo.value}{_advice(excinfo.value)}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where the test is."""
        case = f"{self.test.case}." if self.test and self.test.case else ""
        return self.path, self.test.line - 1 if self.test else 0, case + self.name
