"""What made measurements worse: one changed function shows in many of them, and is named once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from mpy_harness.measurements.comparison import Comparison, PartChange, Row
from mpy_harness.measurements.from_tests import CODE, INSTRUCTIONS, NATMODS
from mpy_harness.reports.figures import plural, signed
from mpy_harness.reports.names import printable, shortened

# GCC's copies of a function, as filter_run.constprop.0, come and go with what is inlined where.
_COPY = re.compile(r"(?<=.)(\.(constprop|isra|part|cold|lto_priv)(\.\d+)*)+$")
_LEAST = 0.05  # of a change: a smaller part does not explain it
_NAME, _CASE = 60, 56
_ROUNDING = 1e-9
#: How many rows of a cause are shown where the others are folded: they say the same.
OF_ONE_CAUSE = 3
_ALIKE = 0.005  # figures a sample that differ by less are told as one


@dataclass(frozen=True)
class Style:
    """How names and units, which somebody else chose, are written: as they are, or as Markdown that means nothing."""

    name: Callable[[str], str]
    unit: Callable[[str], str]


PLAIN = Style(printable, printable)


@dataclass(frozen=True)
class Share:
    """How much of one measurement's change is a cause's."""

    row: Row
    delta: int | float


@dataclass(frozen=True)
class Effect:
    """What a cause did to measurements of one unit, those first in which it did most."""

    unit: str
    shares: Sequence[Share]

    @property
    def rate(self) -> float | None:
        """Return the change for each result: the same in all measurements, or whole in a single one; else None."""
        rates = [each.delta / each.row.measurement.values for each in self.shares if each.row.measurement.values]
        if len(rates) < len(self.shares):
            return None
        alike = max(rates) - min(rates) <= _ALIKE * abs(rates[0])
        return rates[0] if alike and (len(rates) > 1 or isinstance(_rounded(rates[0]), int)) else None

    def text(self, style: Style = PLAIN) -> str:
        """Return the change in words: "+6 instructions a sample", "up to +40 B"."""
        unit = f" {style.unit(self.unit)}" if self.unit else ""
        if (rate := self.rate) is not None:
            return f"{signed(_rounded(rate))}{unit} a sample"
        deltas = {each.delta for each in self.shares}
        most = max(deltas, key=abs)
        return f"{'up to ' if len(deltas) > 1 else ''}{signed(most)}{unit}"


@dataclass(frozen=True)
class Cause:
    """A function, symbol or native module that made measurements worse, with what it did; the most first.

    ``name`` is empty for a native module of which it is not known which function it was. ``weight`` is how many
    measurements' worth of change it explains: a half of the change of two is one.
    """

    module: str
    name: str
    effects: Sequence[Effect]
    weight: float

    @property
    def shares(self) -> list[Share]:
        """Return its shares in all measurements."""
        return [share for effect in self.effects for share in effect.shares]

    def text(self, style: Style = PLAIN) -> str:
        """Return it as one line: "filter_run (iir): +6 instructions a sample, 60 cases; +4 B"."""
        first, *more = self.effects
        main = f"{self.title(style)}: {first.text(style)}, {_where(first, style)}"
        return "; ".join([main, *(effect.text(style) for effect in more)])

    def title(self, style: Style = PLAIN) -> str:
        """Return what it is."""
        if not self.name:
            return f"native module {style.name(shortened(self.module, _NAME))}"
        name = style.name(shortened(self.name, _NAME))
        return f"{name} ({style.name(shortened(self.module, _NAME))})" if self.module else name


def causes(comparison: Comparison) -> list[Cause]:
    """Return what made measurements worse, those first that explain most.

    A measurement whose change several parts explain is a share of each. One with no parts is explained by the native
    module that changed, if it depends on one such alone, and by that one's symbol that changed, if it is a single one.
    """
    changed = _changed_modules(comparison)
    found: dict[tuple[str, str], dict[str, list[Share]]] = {}
    for row in comparison.of("worse"):
        unit = row.measurement.unit or row.measurement.metric
        for cause, delta in _causes_of(row, changed):
            found.setdefault(cause, {}).setdefault(unit, []).append(Share(row, delta))
    return sorted(
        (_cause(*key, effects) for key, effects in found.items()),
        key=lambda each: (-round(each.weight, 9), each.module, each.name),
    )


def unexplained(comparison: Comparison, known: Iterable[Cause]) -> list[Row]:
    """Return the measurements that got worse for no known cause."""
    explained = {share.row.measurement.key for cause in known for share in cause.shares}
    return [row for row in comparison.of("worse") if row.measurement.key not in explained]


def of_causes(known: Iterable[Cause], rows: Iterable[Row]) -> list[list[Row]]:
    """Return rows in groups: those of each cause, each row once, with those of none at the end."""
    left = {row.measurement.key: row for row in rows}
    groups = []
    for cause in known:
        keys = dict.fromkeys(share.row.measurement.key for share in cause.shares)
        groups.append([left.pop(key) for key in keys if key in left])
    return [*groups, list(left.values())]


def contributions(row: Row, most: int) -> list[PartChange]:
    """Return parts of a measurement's change that add up to it: the largest first, all others as one at the end."""
    if row.delta is None:
        return []
    parts = sorted(
        (part for part in row.parts if part.delta), key=lambda part: (-abs(part.delta), part.module, part.name)
    )
    shown = parts[:most] if len(parts) > most else parts
    rest = row.delta - sum(part.delta for part in shown)
    if isinstance(rest, float) and abs(rest) <= _ROUNDING * abs(row.delta):
        rest = 0
    if not shown or not rest:
        return shown
    left_out = len(parts) - len(shown)
    return [*shown, PartChange("", f"({plural(left_out, 'other')})" if left_out else "(not attributed)", 0, rest)]


def _changed_modules(comparison: Comparison) -> dict[str, tuple[str, str]]:
    """Return the native modules that are not the same, each as the cause that it is: a function of it, or all of it.

    A function is known by its size. A constant or a variable that has another one takes no instructions.
    """
    base, head = comparison.base.natmods, comparison.head.natmods
    code: dict[str, set[str]] = {}
    symbols: dict[str, set[str]] = {}
    for row in comparison.rows:
        is_data = row.measurement.case.startswith(NATMODS) and row.measurement.metric != CODE
        for part in row.parts:
            if part.delta:
                (symbols if is_data else code).setdefault(part.module, set()).add(_COPY.sub("", part.name))
    found = {}
    for name in head:
        if base.get(name, head[name]) != head[name]:
            module = name.rpartition("/")[0]
            only = code.get(module) or symbols.get(module, set())
            found[name] = (module, next(iter(only)) if len(only) == 1 else "")
    return found


def _causes_of(row: Row, changed: Mapping[str, tuple[str, str]]) -> Iterable[tuple[tuple[str, str], int | float]]:
    assert row.delta is not None  # noqa: S101 - what is worse has two sides
    deltas: dict[tuple[str, str], int | float] = {}
    for part in row.parts:
        key = part.module, _COPY.sub("", part.name)
        deltas[key] = deltas.get(key, 0) + part.delta
    sign = 1 if row.delta > 0 else -1
    explaining = [(key, delta) for key, delta in deltas.items() if sign * delta >= max(_LEAST * abs(row.delta), 1e-300)]
    if explaining or row.parts:
        return explaining
    modules = [changed[name] for name in row.measurement.natmods if name in changed]
    return [(modules[0], row.delta)] if len(modules) == 1 else []


def _cause(module: str, name: str, effects: dict[str, list[Share]]) -> Cause:
    ordered = [
        Effect(unit, sorted(shares, key=lambda each: (-abs(each.delta), each.row.measurement.key)))
        for unit, shares in effects.items()
    ]
    weight = sum(
        min(1.0, share.delta / share.row.delta) for each in ordered for share in each.shares if share.row.delta
    )
    return Cause(module, name, sorted(ordered, key=_most_cases), weight)


def _most_cases(effect: Effect) -> tuple[int, bool, str]:
    cases = {(share.row.measurement.target, share.row.measurement.case) for share in effect.shares}
    return -len(cases), effect.unit != INSTRUCTIONS, effect.unit


def _where(effect: Effect, style: Style) -> str:
    cases = {share.row.measurement.case for share in effect.shares}
    targets = {share.row.measurement.target for share in effect.shares}
    where = plural(len(cases), "case") if len(cases) > 1 else style.name(shortened(cases.pop(), _CASE))
    return where if len(targets) == 1 else f"{where} on {plural(len(targets), 'target')}"


def _rounded(rate: float) -> int | float:
    whole = round(rate)
    return whole if abs(rate - whole) <= _ALIKE * abs(rate) else rate
