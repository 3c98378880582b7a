"""Limits that a project keeps in a file: to raise one is a line of the change that needs it, which reviewers see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor, isfinite, log10
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ByteSize, TypeAdapter, ValidationError

from mpy_harness.costs.limits import read_seconds
from mpy_harness.errors import ConfigurationInvalid, MachineryError
from mpy_harness.limits import TEXT_BYTES
from mpy_harness.measurements.part_times import PREFIX
from mpy_harness.measurements.run import Measurement, Run, Value, plain
from mpy_harness.measurements.thresholds import matches
from mpy_harness.resources import read_file, write_whole

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

_BYTES = TypeAdapter(ByteSize)
#: Figures that a new file has a budget for: what a device has not enough of.
_SCARCE = ("instructions", "flash", "ram", "file", "heap", "stack", "allocated")
_DIGITS = 3  # of a renewed limit: people read it


@dataclass(frozen=True)
class Budget:
    """What a metric of the cases that a glob is for may be at most; at least, where more of it is better."""

    glob: str
    metric: str
    limit: Value

    def exceeded_by(self, measurement: Measurement) -> Value:
        """Return by how much a figure is past the limit; negative where there is room."""
        excess = measurement.value - self.limit
        return excess if measurement.better == "lower" else -excess


@dataclass(frozen=True)
class Use:
    """What a run took of a budget: its measurements, first the one that is nearest to the limit or farthest past it."""

    budget: Budget
    measurements: Sequence[Measurement]

    @property
    def exceeding(self) -> list[Measurement]:
        """Return the measurements that are past the limit."""
        return [each for each in self.measurements if self.budget.exceeded_by(each) > 0]

    @property
    def share(self) -> float | None:
        """Return how much of the limit is used, None where that says nothing."""
        limit, worst = self.budget.limit, self.measurements[0]
        return worst.value / limit if limit > 0 and worst.better == "lower" else None


@dataclass(frozen=True)
class BudgetFile:
    """A file of budgets: a table for each glob of cases, in it a limit for each metric.

    A glob is as in the table of thresholds: ``filters/*``, or with the target ``m33/filters/*``. Of those that fit a
    measurement the last counts. Limits are numbers, or text such as ``"16 KiB"``; ``time`` is a table of parts with
    text such as ``"20ms"``.
    """

    file: Path
    document: TOMLDocument = field(repr=False)
    budgets: tuple[Budget, ...]

    @classmethod
    def read(cls, file: Path) -> BudgetFile:
        """Return what a file says. Raises ConfigurationInvalid."""
        import tomlkit  # noqa: PLC0415 - slow to import, and most projects have no budgets

        try:
            document = tomlkit.parse(read_file(file, TEXT_BYTES).decode())
            return cls(file, document, tuple(_budgets(document.unwrap())))
        except RecursionError:
            raise ConfigurationInvalid(f"{file}: it is nested too deep") from None
        except FileNotFoundError:
            raise ConfigurationInvalid(
                f"there is no {file}. To make one of what a run measured: mpy-harness budgets RUN --renew"
            ) from None
        except OSError as error:
            raise ConfigurationInvalid(f"{file} cannot be read: {error.strerror}") from None
        except (tomlkit.exceptions.TOMLKitError, ValueError) as error:
            raise ConfigurationInvalid(f"{file}: {plain(str(error))[:300]}") from None

    @classmethod
    def of(cls, file: Path, run: Run) -> BudgetFile:
        """Return a new file with a budget for each case of a run, of what a device has not enough of."""
        import tomlkit  # noqa: PLC0415 - see above

        document = tomlkit.document()
        for each in sorted(run.measurements, key=lambda each: (each.case, each.metric)):
            if each.metric in _SCARCE:
                table = document.setdefault(each.case, tomlkit.table())
                table[each.metric] = max(each.value, table.get(each.metric, each.value))
            elif each.metric.startswith(PREFIX):
                table = document.setdefault(each.case, tomlkit.table())
                times = table.setdefault("time", tomlkit.inline_table())
                part = each.metric.removeprefix(PREFIX)
                before = _read_microseconds(times[part]) if part in times else 0.0
                times[part] = _microseconds(max(each.value, before))
        return cls(file, document, tuple(_budgets(document.unwrap())))

    def uses(self, run: Run) -> list[Use]:
        """Return what a run took of each budget, in the file's order; one that nothing was measured for is left out."""
        found: dict[Budget, list[Measurement]] = {budget: [] for budget in self.budgets}
        for each in run.measurements:
            if (budget := self._budget_for(each)) is not None:
                found[budget].append(each)
        return [
            Use(budget, sorted(taken, key=budget.exceeded_by, reverse=True)) for budget, taken in found.items() if taken
        ]

    def renew(self, run: Run, room: Fraction) -> int:
        """Set the limits to what a run took and ``room``, a share of it, more; return how many are other ones now.

        What nothing was measured for, the comments and the order stay.
        """
        changed = 0
        for use in self.uses(run):
            limit = _with_room(use.measurements[0], room)
            if limit != use.budget.limit:
                table: Any = self.document[use.budget.glob]
                if use.budget.metric.startswith(PREFIX):
                    table["time"][use.budget.metric.removeprefix(PREFIX)] = _microseconds(limit)
                else:
                    table[use.budget.metric] = limit
                changed += 1
        return changed

    def write(self) -> None:
        """Write the file, whole or not at all. Raises MachineryError."""
        try:
            write_whole(self.file, self.document.as_string())
        except OSError as error:
            raise MachineryError(f"{self.file} cannot be written: {error.strerror}.") from error

    def _budget_for(self, measurement: Measurement) -> Budget | None:
        fitting = (each for each in reversed(self.budgets) if each.metric == measurement.metric)
        return next((each for each in fitting if matches(measurement, each.glob)), None)


def _budgets(tables: Mapping[str, Any]) -> Iterator[Budget]:
    for glob, table in tables.items():
        if not isinstance(table, Mapping):
            raise ValueError(  # noqa: TRY004 - of the file, not of an argument
                f'{glob}: a table for a glob of cases is wanted: ["filters/*"], in it instructions = 20_000'
            )
        for metric, limit in table.items():
            if metric == "time":
                yield from _times(glob, limit)
            else:
                yield Budget(glob, metric, _limit(f"{glob}: {metric}", limit))


def _times(glob: str, table: object) -> Iterator[Budget]:
    if not isinstance(table, Mapping):
        raise ValueError(f'{glob}: time is of parts: time = {{ rp2040 = "20ms" }}')  # noqa: TRY004 - of the file
    for part, limit in table.items():
        try:
            micros = _read_microseconds(limit if isinstance(limit, str) else "")
        except ValueError:
            raise ValueError(f'{glob}: time.{part} wants a time, such as "20ms" or "500us"') from None
        yield Budget(glob, f"{PREFIX}{part}", micros)


def _limit(place: str, limit: object) -> Value:
    if isinstance(limit, str):
        try:
            return int(_BYTES.validate_python(limit))
        except ValidationError:
            raise ValueError(f'{place}: {limit[:60]!r} is no number of bytes: 16384 or "16 KiB"') from None
    if isinstance(limit, bool) or not isinstance(limit, int | float) or not isfinite(limit):
        raise ValueError(f'{place} wants a number, or bytes such as "16 KiB"')
    return limit


def _microseconds(number: float) -> str:
    return f"{number:.12g}us"


def _read_microseconds(text: str) -> float:
    return round(1e6 * read_seconds(text), 6)


def _with_room(measurement: Measurement, room: Fraction) -> Value:
    """Return a figure with room in the direction that is worse, rounded that way so that few digits are left."""
    value, is_worse_above = measurement.value, measurement.better == "lower"
    exact = Fraction(value) + abs(Fraction(value)) * (room if is_worse_above else -room)
    if not exact:
        return value
    step = Fraction(10) ** (floor(log10(abs(exact))) + 1 - _DIGITS)
    step = max(step, Fraction(1)) if isinstance(value, int) else step
    limit = (ceil if is_worse_above else floor)(exact / step) * step
    return int(limit) if isinstance(value, int) else float(limit)
