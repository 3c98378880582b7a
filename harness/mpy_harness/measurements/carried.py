"""What one test measured, in the form in which its report carries it to the process that ends the run.

With xdist, tests run in other processes than the one that prints tables and writes the run's file. A report
crosses that border with its attributes, as long as they are plain data: here, JSON text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pydantic import BaseModel, ConfigDict

from mpy_harness.golden import CaseResult
from mpy_harness.measurements.run import Failure, Measurement

_ATTRIBUTE = "mpy_harness"


class _Part(BaseModel):
    # An error can be infinite or no number at all, which JSON has no literals for.
    model_config = ConfigDict(extra="forbid", ser_json_inf_nan="constants")


class Region(_Part):
    """One pass through a named region: ``test`` is the name of the test it was counted in."""

    test: str
    target: str
    name: str
    instructions: int


class NativeModule(_Part):
    """A native module that was built for a test: ``sha256`` is of its ``.mpy``, ``sizes`` are those of its parts."""

    name: str
    arch: str
    sha256: str
    sizes: dict[str, int]


class BudgetUse(_Part):
    """What a test used of a limit that it declares, whole or in its regions of a name, in ``unit``."""

    test: str
    target: str
    region: str
    metric: str
    used: int | float
    limit: int | float
    unit: str


class Carried(_Part):
    """All that one test measured.

    ``measurements`` go into the run's file, and so do tests that ``failed``. The others are for the tables on the
    terminal: ``cases`` judged, ``regions`` counted, ``modules`` built, ``budgets`` used. ``missing`` says why the test
    was skipped where a tool is not installed. ``attempt`` counts from 1 how often the test was tried by then.
    """

    attempt: int = 1
    cases: list[CaseResult] = []
    regions: list[Region] = []
    modules: list[NativeModule] = []
    budgets: list[BudgetUse] = []
    measurements: list[Measurement] = []
    missing: list[str] = []
    failed: list[Failure] = []

    def attach(self, report: object) -> None:
        """Give it to a test's report."""
        setattr(report, _ATTRIBUTE, self.model_dump_json(exclude_defaults=True))

    @classmethod
    def of(cls, report: object) -> Carried:
        """Return what a report carries: nothing, for one that is neither of a test's end nor of a failure."""
        text = getattr(report, _ATTRIBUTE, None)
        return cls() if text is None else cls.model_validate_json(text)

    @classmethod
    def of_all(cls, reports: Iterable[object]) -> Carried:
        """Return what several reports carry, as one."""
        attempts = LastAttempts()
        for report in reports:
            attempts.add(report)
        found = cls()
        for each in attempts:
            found.cases += each.cases
            found.regions += each.regions
            found.modules += each.modules
            found.budgets += each.budgets
            found.measurements += each.measurements
            found.missing += each.missing
            found.failed += each.failed
        return found


class LastAttempts:
    """What reports carry, of a test that is tried again after it failed (pytest-rerunfailures) its last attempt's."""

    def __init__(self) -> None:
        self._of_test: dict[str, list[Carried]] = {}

    def __iter__(self) -> Iterator[Carried]:
        return (each for carried in self._of_test.values() for each in carried)

    def add(self, report: object) -> None:
        """Take a report, if it carries something."""
        if getattr(report, _ATTRIBUTE, None) is None:
            return
        carried = Carried.of(report)
        known = self._of_test.setdefault(str(getattr(report, "nodeid", "")), [])
        if known and known[-1].attempt < carried.attempt:
            known.clear()
        known.append(carried)
