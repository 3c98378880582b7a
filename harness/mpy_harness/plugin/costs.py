"""What a test costs, with the functions or symbols that contribute most; budgets are compared with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from mpy_harness import machines
from mpy_harness.board.allocations import Allocations
from mpy_harness.board.board import Board
from mpy_harness.counting.allocating import allocation_sites
from mpy_harness.counting.count import Count, regions_of
from mpy_harness.counting.profile import Profile
from mpy_harness.errors import BudgetInvalid
from mpy_harness.reports.names import printable
from mpy_harness.reports.profile_table import function_lines
from mpy_harness.reports.table import aligned
from mpy_harness.sizes.mpy import read_mpy
from mpy_harness.sizes.tree import SizeTree

_CONTRIBUTORS = 5
_T = TypeVar("_T")


@dataclass(frozen=True)
class Figure:
    """A figure, the sentence that reports it, its unit, and its contributors or a hint how to see them."""

    value: int | float
    sentence: str
    unit: str = ""
    contributors: Sequence[str] = ()
    hint: str = ""

    def amount(self, value: float) -> str:
        """Return another amount of the same unit in words."""
        number = f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
        return f"{number} {self.unit}".rstrip()


@dataclass
class Costs:
    """What a test took on a board: ``count`` and ``allocations`` of its whole run, where that was asked for."""

    board: Board
    count: Count | None = None
    allocations: Allocations | None = None

    def figure(self, metric: str, region: str | None) -> Figure:
        """Return what the test, or its regions of a name, took. Raises BudgetInvalid for what was not measured."""
        where = "the test" if region is None else f"region {region!r}"
        if metric in {"flash", "ram"}:
            return self._modules(metric)
        if metric in {"alloc", "heap", "leak", "stack"}:
            return self._memory(metric, where, region)
        count = self._counted(region)
        if metric == "time_us":
            return self._time(count, where)
        return Figure(
            count.instructions,
            f"{where} took {count.instructions:,} instructions",
            contributors=function_lines(count.profile, _CONTRIBUTORS) if count.profile else (),
            hint=self._hint("functions took them"),
        )

    def _time(self, count: Count, where: str) -> Figure:
        model = self.board.target.cycles
        if model is None:
            raise BudgetInvalid(
                f"a budget of time wants a cycle model, which target {self.board.target.name} has none of"
            )
        if not count.classes:
            raise BudgetInvalid(
                "a budget of time wants classes of instructions: run with --counting classes, or leave it out"
            )
        estimate = count.estimate(model)
        micros = estimate.seconds * 1e6
        return Figure(micros, f"{where} took an estimated {micros:,.1f} µs (±{estimate.error:g} %)", "µs")

    def _memory(self, metric: str, where: str, region: str | None) -> Figure:
        taken = self._allocated(region)
        if metric == "stack":
            return Figure(taken.stack, f"{where} took {taken.stack:,} B of the stack", "B")
        if metric == "leak":
            calls = f"{len(taken.stayed):,} call{'s' * (len(taken.stayed) != 1)}"
            sentence = f"{where} made {calls}, and at the median each left {taken.leak:,} B in use"
            return Figure(taken.leak, sentence, "B")
        profile = self._profile(region)
        lines = _site_lines(profile) if profile else ()
        hint = self._hint("functions allocate")
        if metric == "alloc":
            sentence = f"{where} made {taken.count:,} allocations ({taken.bytes:,} B)"
            return Figure(taken.count, sentence, contributors=lines, hint=hint)
        return Figure(taken.peak, f"{where} took {taken.peak:,} B of the heap at most", "B", lines, hint)

    def _hint(self, which: str) -> str:
        has_functions = "functions" in machines.kind_of(self.board.target).modes
        return f" --counting functions shows which {which}." if has_functions else ""

    def _profile(self, region: str | None) -> Profile | None:
        if region is None:
            return self.count.profile if self.count else None
        return next((c.profile for c in regions_of(self.board.counts) if c.name == region and c.profile), None)

    def _modules(self, metric: str) -> Figure:
        sizes = [read_mpy(module) for module in self.board.natmods.values()]
        if not sizes:
            raise BudgetInvalid(f"the budget is for the {metric} of native modules; the test loaded none")
        trees = [module.flash if metric == "flash" else module.ram for module in sizes]
        total = sum(tree.bytes for tree in trees)
        names = ", ".join(module.name for module in sizes)
        whose = f"the test's native module{'s' if len(sizes) > 1 else ''} ({names})"
        sentence = (
            f"{whose} take{'s' if len(sizes) == 1 else ''} {total:,} B of {'flash' if metric == 'flash' else 'RAM'}"
        )
        return Figure(total, sentence, "B", _tree_lines(trees))

    def _counted(self, region: str | None) -> Count:
        if region is None:
            if self.count is None:
                raise BudgetInvalid("nothing was counted")
            return self.count
        total = Count(region)
        for count in _named(region, list(regions_of(self.board.counts)), lambda count: count.name, "counted"):
            total.add(count)
        total.check()
        return total

    def _allocated(self, region: str | None) -> Allocations:
        if region is None:
            if self.allocations is None:
                raise BudgetInvalid("no allocations were counted")
            return self.allocations
        total = None
        for each in _named(region, self.board.allocated, lambda taken: taken.name, "watched with board.allocations()"):
            total = replace(each) if total is None else total.plus(each)
        assert total is not None  # noqa: S101 - one was found
        return total


def _named(name: str, regions: Sequence[_T], name_of: Callable[[_T], str], verb: str) -> list[_T]:
    found = [region for region in regions if name_of(region) == name]
    if not found:
        there = ", ".join(sorted({repr(name_of(region)) for region in regions} - {"''"})) or "none"
        raise BudgetInvalid(f"the budget is for the region {name!r}; the test {verb} {there}")
    return found


def _site_lines(profile: Profile) -> list[str]:
    rows = [
        [f"{site.calls:,}", printable(site.allocator), printable(site.function)]
        for site in allocation_sites(profile)[:_CONTRIBUTORS]
    ]
    return aligned([["calls", "allocated by", "for"], *rows]) if rows else []


def _tree_lines(trees: Sequence[SizeTree]) -> list[str]:
    rows = [["bytes", "symbol", "object", "module"]]
    leaves = [(size, *path[::-1], tree.name) for tree in trees for path, size in tree.leaves()]
    for size, symbol, home, module in sorted(leaves, reverse=True)[:_CONTRIBUTORS]:
        rows.append([f"{size:,}", printable(str(symbol)), printable(str(home)), printable(str(module))])
    return aligned(rows)
