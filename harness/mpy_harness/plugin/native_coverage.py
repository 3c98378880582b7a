"""At the end of a run with ``--native-coverage``: which lines of native modules ran, in a file and as a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mpy_harness.measurements.covered import covered_files
from mpy_harness.measurements.run import CoveredFile
from mpy_harness.memcheck.coverage import as_json, from_json, merge
from mpy_harness.plugin.session import Session
from mpy_harness.reports.coverage_table import coverage_lines
from mpy_harness.reports.lcov import tracefile
from mpy_harness.reports.names import harmless

_KEY = "mpy_harness_native_coverage"


class CoverageOfWorker:
    """In a worker of xdist: sends to the controller what ran."""

    def __init__(self, config: pytest.Config, session: Session) -> None:
        self._config = config
        self._session = session

    def pytest_sessionfinish(self) -> None:
        """Put it where the controller finds it."""
        output: dict[str, Any] = vars(self._config)["workeroutput"]
        output[_KEY] = as_json(self._session.native_coverage())


class CoverageEnd:
    """In the process that the user started: takes what ran from its own boards and from those of workers."""

    def __init__(self, config: pytest.Config, session: Session, file: Path) -> None:
        self._config = config
        self._session = session
        self._file = file
        self._files: tuple[CoveredFile, ...] = ()
        self._problem = ""

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take what a worker sent; one that crashed has sent nothing."""
        merge(self._session.coverage_of_workers, from_json(getattr(node, "workeroutput", {}).get(_KEY, {})))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the file."""
        coverage = self._session.native_coverage()
        self._files = covered_files(coverage, self._config.rootpath)
        try:
            if coverage:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                self._file.write_text(tracefile(coverage), encoding="utf-8")
            else:
                self._file.unlink(missing_ok=True)  # that of an earlier run must not be taken for this one's
                self._problem = f"no native module with known sources ran, there is no {self._file}"
        except OSError as error:
            self._problem = f"{error.filename} cannot be written: {error.strerror}"
            if session.exitstatus == pytest.ExitCode.OK:
                session.exitstatus = pytest.ExitCode.INTERNAL_ERROR

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show the table."""
        terminalreporter.section("coverage of native modules", sep="-")
        for line in coverage_lines(self._files) if self._files else ():
            terminalreporter.write_line(harmless(line))
        if self._problem:
            terminalreporter.write_line(harmless(self._problem), red=True)
        else:
            terminalreporter.write_line(harmless(f"written to {self._file}; genhtml makes pages of it"))


def add_to(config: pytest.Config, session: Session) -> None:
    """Take part in a run if that is asked for."""
    file = session.settings.native_coverage
    if file is None:
        return
    is_worker = hasattr(config, "workerinput")
    part = CoverageOfWorker(config, session) if is_worker else CoverageEnd(config, session, file)
    config.pluginmanager.register(part, "mpy_harness.plugin.native_coverage")
