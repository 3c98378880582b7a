"""Thresholds: how much a measurement may change before it counts as better or worse."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from fractions import Fraction

from mpy_harness.measurements.run import Measurement

_NUMBER = r"(\d{1,18}(?:\.\d{1,18})?(?:e[+-]?\d{1,2})?)"
_SYNTAX = re.compile(rf"{_NUMBER}(\s*%)?(?:\s*([&|])\s*{_NUMBER}(\s*%)?)?", re.ASCII)

Limit = str | int | float


@dataclass(frozen=True)
class Threshold:
    """How much a value may change: by a ``share`` of the old value, by an ``amount``, or both.

    A change that exceeds one of them counts; with ``both``, one that exceeds both. ``text`` is how it was written.
    """

    text: str
    share: Fraction | None = None
    amount: Fraction | None = None
    both: bool = False

    @classmethod
    def parse(cls, limit: Limit) -> Threshold:
        """Read ``"0.5%"``, ``"200"`` or 200, ``"0.5% | 200"`` (either is exceeded), ``"0.5% & 200"`` (both are).

        Raises ValueError.
        """
        text = str(limit).strip()
        match = _SYNTAX.fullmatch(text)
        if match is None or isinstance(limit, bool):
            raise ValueError(f'{text[:60]!r} is no threshold: write "0.5%", "200", "0.5% | 200" or "0.5% & 200"')
        first, percent, sign, second, second_percent = match.groups()
        if sign and bool(percent) == bool(second_percent):
            raise ValueError(
                f"{text[:60]!r} is no threshold: one side of {sign} is a share in percent, the other is not"
            )
        share = first if percent else second
        amount = second if percent else first
        return cls(
            text,
            None if share is None else Fraction(share) / 100,
            None if amount is None else Fraction(amount),
            both=sign == "&",
        )

    def exceeded(self, base: float, head: float) -> bool:
        """Tell whether the change from one value to the other, up or down, counts. Computed exactly."""
        change = abs(Fraction(head) - Fraction(base))
        each = []
        if self.share is not None:
            each.append(change > self.share * abs(Fraction(base)))
        if self.amount is not None:
            each.append(change > self.amount)
        return all(each) if self.both else any(each)


#: Counts and bytes are exact: any change counts.
NONE = Threshold.parse(0)
#: Error metrics are computed on the host, whose NumPy and mathematical library round in their own ways.
ROUNDING = Threshold.parse("0.0001% & 1e-12")


@dataclass(frozen=True)
class Rules:
    """How runs are compared.

    ``thresholds`` are triples of globs for case and metric and the threshold; of those that match the last counts.
    ``may_disappear`` are globs for cases that may disappear. ``strict`` judges what was measured under other conditions
    like everything else.
    """

    thresholds: Sequence[tuple[str, str, Threshold]] = ()
    may_disappear: Sequence[str] = ()
    strict: bool = False

    @classmethod
    def of(
        cls,
        table: Mapping[str, Limit | Mapping[str, Limit]],
        may_disappear: Sequence[str] = (),
        *,
        strict: bool = False,
    ) -> Rules:
        """Return the rules of a table of thresholds by metric, with tables by case in it. Raises ValueError.

        Those of a case count before those for all.
        """
        general, special = [], []
        for name, limit in table.items():
            if isinstance(limit, Mapping):
                special += [(name, metric, Threshold.parse(inner)) for metric, inner in limit.items()]
            else:
                general.append(("*", name, Threshold.parse(limit)))
        return cls((*general, *special), tuple(may_disappear), strict)

    def threshold(self, base: Measurement, head: Measurement) -> Threshold:
        """Return the threshold for a change of a measurement."""
        for case, metric, threshold in reversed(self.thresholds):
            if matches(head, case) and fits(head.metric, metric):
                return threshold
        return ROUNDING if isinstance(base.value, float) or isinstance(head.value, float) else NONE


def matches(measurement: Measurement, glob: str) -> bool:
    """Tell whether a glob is for a measurement's case: ``filters/*``, or with the target, ``m33/filters/*``."""
    return fits(measurement.case, glob) or fits(f"{measurement.target}/{measurement.case}", glob)


def fits(name: str, glob: str) -> bool:
    """Tell whether a glob is for a name. Only * and ? are special: tests have their parameters in brackets."""
    return fnmatchcase(name, glob.replace("[", "[[]"))
