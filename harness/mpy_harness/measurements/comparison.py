"""The result of comparing two runs: a row for each measurement, and what else a reader must know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from mpy_harness.measurements.run import Measurement, Run

#: What is said of one measurement. "unlike": measured under other conditions (toolchain, firmware or emulator), so that
#: the change proves nothing. "unsteady": it depends on the clock or on random numbers, so the change proves nothing
#: either. "missed": not measured, because a test failed. "removed": not measured any more.
Verdict = Literal["same", "better", "worse", "added", "removed", "missed", "unlike", "unsteady"]
#: Verdicts on what was measured on both sides under the same conditions.
COMPARED: tuple[Verdict, ...] = ("same", "better", "worse", "unsteady")
#: What is said of all: something got worse; tests failed, so that not all is known; nothing was compared, or figures
#: differ that cannot be judged; nothing got worse.
Outcome = Literal["regressed", "failed", "inconclusive", "passed"]


@dataclass(frozen=True)
class PartChange:
    """A contributor that grew or shrank; a side on which it is missing counts as 0."""

    module: str
    name: str
    base: int | float
    head: int | float

    @property
    def delta(self) -> int | float:
        """Return by how much it grew."""
        return self.head - self.base


@dataclass(frozen=True)
class Row:
    """One measurement on both sides; ``within`` says which threshold let a change pass."""

    base: Measurement | None
    head: Measurement | None
    verdict: Verdict
    within: str = ""
    parts: Sequence[PartChange] = ()

    @property
    def measurement(self) -> Measurement:
        """Return the side that is there, the new one if both are."""
        measurement = self.head or self.base
        assert measurement is not None  # noqa: S101 - a row has a side
        return measurement

    @property
    def delta(self) -> int | float | None:
        """Return by how much the value changed, None where a side is missing."""
        return self.head.value - self.base.value if self.head and self.base else None

    @property
    def share(self) -> float | None:
        """Return the change as a share of the old value, None where that says nothing."""
        delta = self.delta
        return delta / abs(self.base.value) if delta is not None and self.base and self.base.value else None


@dataclass(frozen=True)
class Comparison:
    """Two runs compared: ``alerts`` are failures that no row shows, ``reasons`` what was different around them.

    ``renewal`` is the command that makes the base anew, where that is a baseline that is kept.
    """

    base: Run
    head: Run
    rows: Sequence[Row]
    alerts: Sequence[str] = ()
    reasons: Sequence[str] = field(default=())
    renewal: str = ""

    def of(self, *verdicts: Verdict) -> list[Row]:
        """Return the rows with one of these verdicts."""
        return [row for row in self.rows if row.verdict in verdicts]

    @property
    def regressed(self) -> bool:
        """Tell whether anything got worse, or an alert was raised."""
        return bool(self.alerts or self.of("worse"))

    @property
    def outcome(self) -> Outcome:
        """Return what is said of all measurements together."""
        if self.regressed:
            return "regressed"
        if self.head.failed:
            return "failed"
        return "inconclusive" if self.of("unlike") or not self.of(*COMPARED) else "passed"

    @property
    def outdated(self) -> bool:
        """Tell whether the base is a baseline that is kept, and was made under conditions that are no more."""
        return bool(self.renewal and self.of("unlike"))
