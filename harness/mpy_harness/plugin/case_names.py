"""A case's name stands for one thing in a run: of two tests that use it, one figure would hide the other."""

from __future__ import annotations

import pytest

from mpy_harness.measurements.carried import Carried
from mpy_harness.reports.names import harmless


class CaseNames:
    """Sees the reports of all processes, and fails a run in which two tests check the same case.

    The same case is one of the same name, form, metric and target. One test may check it several times, and several
    runs of one test may.
    """

    def __init__(self) -> None:
        self._users: dict[tuple[str, str, str, str], dict[str, None]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note which test checked which cases."""
        for each in Carried.of(report).cases:
            self._users.setdefault((each.case, each.form, each.metric, each.target), {})[report.nodeid] = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail a run that has passed so far; first, so that its exit status is there for what follows."""
        if self._shared() and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Name the cases and the tests."""
        shared = self._shared()
        if not shared:
            return
        terminalreporter.section("case names", sep="-")
        for line in shared:
            terminalreporter.write_line(harmless(line), red=True)
        terminalreporter.write_line("A report would show one figure for all of them: give each case its own name.")

    def _shared(self) -> list[str]:
        lines = []
        for (case, form, metric, target), tests in sorted(self._users.items()):
            if len(tests) > 1:
                what = " ".join(filter(None, (target, form, metric)))
                lines.append(f"{case} ({what}) is checked by {len(tests)} tests: {', '.join(sorted(tests)[:5])}")
        return lines


def add_to(config: pytest.Config) -> None:
    """Take part in a run; in a worker of xdist, the controller does."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(CaseNames(), "mpy_harness.plugin.case_names")
