"""Tables at the end of a pytest run: cases with their margins, native modules with their sizes."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any, Protocol

from mpy_harness.golden import CaseResult
from mpy_harness.reports.names import printable, shortened

#: The attribute of a test's reports that holds what it recorded, pairs of these kinds and JSON.
ATTRIBUTE = "mpy_harness_records"
CASE = "case"
COUNT = "count"
HASH = "natmod's hash"
MEASUREMENT = "measurement"
NATMOD = "natmod"
SKIPPED = "skipped"
_ALL_ROWS = 24
_REGION = 48
_NUMBER = re.compile(r"[-+≤≥<>×\d]|(inf|nan)\b")


class Writer(Protocol):
    """The part of pytest's terminal reporter that is used."""

    def section(self, title: str, sep: str = "=", **markup: bool) -> None:
        """Write a headline."""

    def write_line(self, line: str | bytes, **markup: bool) -> None:
        """Write a line."""


@dataclass
class Results:
    """What tests recorded in their reports."""

    cases: list[CaseResult] = field(default_factory=list)
    counts: list[dict[str, Any]] = field(default_factory=list)
    modules: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, stats: Mapping[str, Iterable[Any]]) -> Results:
        """Collect what the reports of a run carry, wherever they were made (xdist)."""
        results = cls()
        for reports in stats.values():
            for report in reports:
                results.add(getattr(report, ATTRIBUTE, ()))
        return results

    def add(self, records: Iterable[tuple[str, str]]) -> None:
        """Add what one test recorded."""
        for kind, text in records:
            if kind == CASE:
                self.cases.append(CaseResult(**json.loads(text)))
            elif kind == COUNT:
                self.counts.append(json.loads(text))
            elif kind == NATMOD:
                facts = json.loads(text)
                self.modules[facts["name"], facts["arch"]] = facts["sizes"]
            elif kind == SKIPPED:
                self.skipped[text] += 1


def show(results: Results, writer: Writer, *, detailed: bool) -> None:
    """Print the tables; many cases are summed up, the closest to its limit of each kind, unless ``detailed``."""
    if results.cases:
        writer.section("golden vectors", sep="-")
        for line in case_table(results.cases, detailed=detailed):
            writer.write_line(line)
    if results.counts:
        writer.section("instructions", sep="-")
        for line in count_table(results.counts, detailed=detailed):
            writer.write_line(line)
    if results.modules:
        writer.section("native modules", sep="-")
        for line in module_table(results.modules):
            writer.write_line(line)
    if results.skipped:  # said even where reasons of skips are not: all tests skipped looks like all is well
        writer.section("not tested", sep="-")
        for reason, count in sorted(results.skipped.items()):
            writer.write_line(f"{count} skipped: {reason}", yellow=True)
        writer.write_line("--target NAME makes this a failure.")


def case_table(cases: Iterable[CaseResult], *, detailed: bool) -> list[str]:
    """Return the lines of the table of cases; of several in one row the check closest to its limit.

    A target that all have in common is named in the headline alone, which leaves room for the rest.
    """
    rows = list(cases)
    each = detailed or len(rows) <= _ALL_ROWS
    groups: dict[tuple[str, ...], list[CaseResult]] = {}
    for row in rows:
        kind, metric = (row.case, row.metric) if each else (row.case.partition("/")[0], "")
        groups.setdefault((kind, row.target, row.form, metric), []).append(row)
    title, target = _targets("case" if each else "closest to its limit", [row.target for row in rows])
    lines = [[title, "target", "form", "passed", "metric", "value", "limit", "margin", "instructions", "per value"]]
    for _, members in groups.items() if each else sorted(groups.items()):
        # Of equals the first by name: the order of results is the machine's affair.
        worst = max(sorted(members, key=lambda row: row.case), key=_closeness)
        passed = sum(row.passed for row in members)
        lines.append(
            [
                worst.case,
                target(worst.target),
                worst.form,
                f"{passed} of {len(members)}" if passed < len(members) else _unless_one(passed, each),
                worst.metric if worst.unit.lower() in {"", "differ", worst.metric} else f"{worst.metric} {worst.unit}",
                _short(worst.value),
                f"{'≤' if worst.better == 'lower' else '≥'} {_short(worst.limit)}",
                _short(worst.margin) + ("" if worst.passed else " FAILED"),
                "" if worst.instructions is None else f"{worst.instructions:,}",
                "" if not worst.instructions or not worst.values else f"{worst.instructions / worst.values:,.1f}",
            ]
        )
    return aligned(lines)


def _targets(title: str, targets: Iterable[str]) -> tuple[str, Callable[[str], str]]:
    # The headline of a table's first column, and what to put into the column of targets.
    distinct = set(targets)
    return (f"{title} on {distinct.pop()}", lambda _: "") if len(distinct) == 1 else (title, str)


def _unless_one(passed: int, each: bool) -> str:
    return "" if each and passed == 1 else str(passed)


def _short(number: float) -> str:
    # Three digits, and an exponent without zeros before it: 1.22e-6.
    return re.sub(r"e([+-])0+", r"e\1", f"{number:.3g}").replace("e+", "e")


def _closeness(row: CaseResult) -> tuple[bool, float]:
    # How much of its limit a check used up, so that checks in different units can be compared; a limit
    # of zero or infinity is kept or not.
    value, limit = abs(row.value), abs(row.limit)
    used, available = (value, limit) if row.better == "lower" else (limit, value)
    return not row.passed, used / available if 0 < available < inf and used < inf else 0.0


def count_table(counts: Iterable[Mapping[str, Any]], *, detailed: bool) -> list[str]:
    """Return the lines of the table of counted regions.

    Unless ``detailed``, regions of one name in a test are one row with their sum, and only the first rows are shown.
    """
    rows: dict[tuple[object, ...], list[int]] = {}
    for number, row in enumerate(counts):
        each = (number,) if detailed else ()
        rows.setdefault((row["region"], row["test"], row["target"], *each), []).append(row["instructions"])
    shown = list(rows.items())[: None if detailed else _ALL_ROWS]
    title, target = _targets("region", [str(key[2]) for key in rows])
    lines = [[title, "test", "target", "times", "instructions"]]
    for (name, test, on, *_), taken in shown:
        region = shortened(printable(str(name)), _REGION)
        times = f"{len(taken):,}" if len(taken) > 1 else ""
        lines.append([region, str(test), target(str(on)), times, f"{sum(taken):,}"])
    more = len(rows) - len(shown)
    return aligned(lines) + ([f"({more} more: -v shows all)"] if more else [])


def module_table(modules: Mapping[tuple[str, str], Mapping[str, int]]) -> list[str]:
    """Return the lines of the table of native modules; all sizes are bytes but ``got``, which counts entries."""
    names = ["file", "text", "rodata", "bss", "got"]
    lines = [["module", "arch", *(f"{name} B" if name != "got" else "GOT" for name in names)]]
    for (name, arch), sizes in sorted(modules.items()):
        lines.append([name, arch, *(str(sizes.get(part, 0)) for part in names)])
    return aligned(lines)


def aligned(rows: list[list[str]]) -> list[str]:
    """Return rows as lines with columns of equal width; numbers stand to the right, empty columns are left out."""
    rows = [
        list(row)
        for row in zip(*(column for column in zip(*rows, strict=True) if any(column[1:] or column)), strict=True)
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    numeric = [all(_NUMBER.match(row[column]) for row in rows[1:] if row[column]) for column in range(len(widths))]
    return [
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        ).rstrip()
        for row in rows
    ]
