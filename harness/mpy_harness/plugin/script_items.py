"""Device scripts as pytest tests: each ``test_*`` function, or the script as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mpy_harness.board.scripts import DeviceScript
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
    # In a folder, a test has a name that pytest takes for a test's: helpers may lie beside tests.
    named = path.suffix == ".py" and (path.stem.startswith("test_") or path.stem.endswith("_test"))
    return named and any(path.is_relative_to(folder) for folder in settings.device_scripts if folder.is_dir())


def _skipped(reason: str) -> BaseException:
    # pytest.skip() would say that we skipped: the report shall name the script's line.
    return pytest.skip.Exception(reason, _use_item_location=True)


class ScriptFile(pytest.File):
    """A device script."""

    session_of_ours: Session
    script: DeviceScript

    @classmethod
    def make(cls, parent: pytest.Collector, path: Path, session: Session) -> ScriptFile:
        """Return the collector of a script."""
        node: ScriptFile = cls.from_parent(parent, path=path)
        node.session_of_ours = session
        cwd = parent.config.invocation_params.dir
        node.script = DeviceScript(path, cwd, session.settings.device_path, session.settings.natmods)
        return node

    def collect(self) -> Iterator[pytest.Item]:
        """Return the script's tests, for each target."""
        functions: list[tuple[str | None, int]] = [*self.script.test_functions()] or [(None, 1)]
        for function, line in functions:
            for target in self.session_of_ours.settings.targets:
                name = f"{function or 'script'}[{target.name}]"
                # With its id given, pytest takes the brackets for parameters, and --lf finds the test again.
                item = ScriptItem.from_parent(self, name=name, nodeid=f"{self.nodeid}::{name}")
                item.entry, item.line, item.target_name = function, line, target.name
                yield item


class ScriptItem(pytest.Item):
    """One test in the guest."""

    entry: str | None  # not "function": pytest takes that for a Python function
    line: int
    target_name: str

    def runtest(self) -> None:
        """Run it on a fresh board; what it printed goes into the report."""
        parent = self.parent
        assert isinstance(parent, ScriptFile)  # noqa: S101 - made by it
        script = parent.script
        board = parent.session_of_ours.script_board(self, self.target_name, script)
        try:
            status = script.run(board, self.entry)
        except GuestException as error:
            self.add_report_section("call", "guest output", error.output.replace("\r\n", "\n"))
            if error.type == "SkipTest":
                raise _skipped(error.message or "the script skipped itself") from None
            raise
        except (CorruptModule, IncompatibleModule):
            self.add_report_section("call", "guest output", board.output)
            raise
        self.add_report_section("call", "guest output", board.output)
        if status not in (0, None):
            raise ScriptFailed(f"{script.path.name} ended with sys.exit({status!r})")
        if board.output.splitlines()[-1:] == ["SKIP"]:  # the convention of MicroPython's own tests
            raise _skipped("the script printed SKIP")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show the guest's view; our own frames would say nothing."""
        if isinstance(excinfo.value, GuestFailure):
            hint = "\nIf it needs longer: --board-timeout SECONDS" if isinstance(excinfo.value, GuestTimeout) else ""
            return f"{type(excinfo.value).__name__}: {excinfo.value}{hint}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where the test is."""
        return self.path, self.line - 1, self.name
