"""Guest text in a test's report: it reaches terminals and the logs of CI jobs, and must steer neither."""

from __future__ import annotations

import pytest
from _pytest._code.code import ExceptionChainRepr, ReprEntry, ReprEntryNative, TerminalRepr

from mpy_harness.reports.names import harmless


def make_harmless(report: pytest.TestReport) -> None:
    """Write escapes and commands to CI systems in a report's sections and in its failure as plain text."""
    report.sections = [(title, harmless(content)) for title, content in report.sections]
    failure = report.longrepr
    if isinstance(failure, str):
        report.longrepr = harmless(failure)
    elif isinstance(failure, tuple):  # a skip: file, line and reason
        file, line, reason = failure
        report.longrepr = (file, line, harmless(reason))
    elif isinstance(failure, TerminalRepr):
        _in_place(failure)


def _in_place(failure: TerminalRepr) -> None:
    # pytest colours these lines only when it prints them: what looks like a colour in them is not its own.
    if not isinstance(failure, ExceptionChainRepr):
        return
    for traceback, crash, _ in failure.chain:
        for entry in traceback.reprentries:
            if isinstance(entry, (ReprEntry, ReprEntryNative)):
                entry.lines = [harmless(line) for line in entry.lines]
            if isinstance(entry, ReprEntry) and entry.reprlocals is not None:
                entry.reprlocals.lines = [harmless(line) for line in entry.reprlocals.lines]
        if crash is not None:
            crash.message = harmless(crash.message)
    if failure.reprcrash is not None:
        failure.reprcrash.message = harmless(failure.reprcrash.message)
