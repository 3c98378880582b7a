"""Tables at the end of a pytest run: cases with their margins, budgets with their use, native modules and sizes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from math import inf
from typing import Protocol

from mpy_harness.costs.cycles import seconds_text
from mpy_harness.golden import CaseResult
from mpy_harness.measurements.carried import BudgetUse, Carried, NativeModule, Region
from mpy_harness.measurements.part_times import PREFIX
from mpy_harness.measurements.run import Measurement
from mpy_harness.reports.names import harmless, printable, shortened
from mpy_harness.reports.table import aligned

_ALL_ROWS = 24
_REGION = 48


class Writer(Protocol):
    """The part of pytest's terminal reporter that is used."""

    def section(self, title: str, sep: str = "=", **markup: bool) -> None:
        """Write a headline."""

    def write_line(self, line: str | bytes, **markup: bool) -> None:
        """Write a line."""


def show(carried: Carried, writer: Writer, *, detailed: bool) -> None:
    """Print the tables; many cases are summed up, the closest to its limit of each kind, unless ``detailed``."""
    tables = {
        "golden vectors": case_table(carried.cases, detailed=detailed) if carried.cases else [],
        "instructions": region_table(carried.regions, detailed=detailed) if carried.regions else [],
        "estimated time": time_table(carried.measurements, detailed=detailed),
        "budgets": budget_table(carried.budgets) if carried.budgets and detailed else [],
        "native modules": module_table(carried.modules) if carried.modules else [],
    }
    for title, lines in tables.items():
        if lines:
            writer.section(title, sep="-")
        for line in lines:
            writer.write_line(line)
    if unsteady := sorted({(each.case, each.target, each.reads) for each in carried.measurements if each.reads}):
        writer.section("not the same in the next run", sep="-")
        for case, target, read in unsteady[: None if detailed else _ALL_ROWS]:
            writer.write_line(harmless(f"{case} on {target} reads {read}"))
        if not detailed and len(unsteady) > _ALL_ROWS:
            writer.write_line(f"({len(unsteady) - _ALL_ROWS} more: -v shows all)")
    if carried.missing:  # said even where reasons of skips are not: all tests skipped looks like all is well
        writer.section("not tested", sep="-")
        for reason, count in sorted(Counter(carried.missing).items()):
            writer.write_line(harmless(f"{count} skipped: {reason}"), yellow=True)
        writer.write_line("The configuration lets these targets be absent; --target NAME makes this a failure.")


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
        # Of equals the first by name: the order of results depends on which process was faster.
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


def region_table(regions: Iterable[Region], *, detailed: bool) -> list[str]:
    """Return the lines of the table of counted regions.

    Unless ``detailed``, regions of one name in a test are one row with their sum, and only the first rows are shown.
    """
    rows: dict[tuple[object, ...], list[int]] = {}
    for number, region in enumerate(regions):
        each = (number,) if detailed else ()
        rows.setdefault((region.name, region.test, region.target, *each), []).append(region.instructions)
    shown = list(rows.items())[: None if detailed else _ALL_ROWS]
    title, target = _targets("region", [str(key[2]) for key in rows])
    lines = [[title, "test", "target", "times", "instructions"]]
    for (name, test, on, *_), taken in shown:
        times = f"{len(taken):,}" if len(taken) > 1 else ""
        label = shortened(printable(str(name)), _REGION)
        lines.append([label, str(test), target(str(on)), times, f"{sum(taken):,}"])
    more = len(rows) - len(shown)
    return aligned(lines) + ([f"({more} more: -v shows all)"] if more else [])


def time_table(measurements: Iterable[Measurement], *, detailed: bool) -> list[str]:
    """Return the lines of the table of estimated times on parts, a column for each; none where there are none."""
    rows: dict[tuple[str, str], dict[str, float]] = {}
    for each in measurements:
        if each.metric.startswith(PREFIX):
            rows.setdefault((each.case, each.target), {})[each.metric.removeprefix(PREFIX)] = 1e-6 * each.value
    if not rows:
        return []
    parts = sorted({part for times in rows.values() for part in times})
    title, target = _targets("case", [on for _, on in rows])
    lines = [[title, "target", *map(printable, parts)]]
    for (case, on), times in list(rows.items())[: None if detailed else _ALL_ROWS]:
        cells = (seconds_text(times[part]) if part in times else "" for part in parts)
        lines.append([shortened(printable(case), 2 * _REGION), target(on), *cells])
    more = len(rows) - len(lines) + 1
    return aligned(lines) + ([f"({more} more: -v shows all)"] if more > 0 else [])


def budget_table(budgets: Iterable[BudgetUse]) -> list[str]:
    """Return the lines of the table of budgets, the fullest first."""
    rows = sorted(budgets, key=lambda each: (-_fullness(each), each.test, each.metric, each.region))
    title, target = _targets("budget of", [each.target for each in rows])
    lines = [[title, "target", "region", "metric", "used", "limit", "share"]]
    for each in rows:
        unit = f" {each.unit}" if each.unit else ""
        amounts = [f"{each.used:,.7g}", f"≤ {each.limit:,.7g}"] if isinstance(each.used, float) else []
        amounts = amounts or [f"{each.used:,}", f"≤ {each.limit:,}"]
        share = f"{_fullness(each):.1%}" if each.limit else ""
        lines.append([each.test, target(each.target), each.region, f"{each.metric}{unit}", *amounts, share])
    return aligned(lines)


def _fullness(budget: BudgetUse) -> float:
    return budget.used / budget.limit if budget.limit else float(budget.used > 0)


def module_table(modules: Iterable[NativeModule]) -> list[str]:
    """Return the lines of the table of native modules, each once; sizes are bytes but ``got``, which counts entries."""
    names = ["file", "text", "rodata", "bss", "got"]
    lines = [["module", "arch", *(f"{name} B" if name != "got" else "GOT" for name in names)]]
    sizes = {(module.name, module.arch): module.sizes for module in modules}
    for (name, arch), parts in sorted(sizes.items()):
        lines.append([name, arch, *(str(parts.get(part, 0)) for part in names)])
    return aligned(lines)
