"""A profile on the terminal: its most expensive functions, its modules, and its call tree."""

from __future__ import annotations

from collections.abc import Sequence

from mpy_harness.counting.profile import SUMMED, FunctionCost, Profile, visits
from mpy_harness.reports.names import NO_MODULE, printable, share, shortened
from mpy_harness.reports.table import aligned

_NAME = 48
_MODULE = 24
_DEEPEST = 20  # levels that are indented


def profile_lines(profile: Profile, top: int = 20) -> list[str]:
    """Return both tables, the functions' and the modules', with a headline."""
    headline = f"{printable(profile.name)} on {printable(profile.target)}: {profile.total:,} instructions"
    return [headline, "", *function_lines(profile, top), "", *module_lines(profile)]


def function_lines(profile: Profile, top: int = 20) -> list[str]:
    """Return a table of the functions with most instructions of their own; the others are one row.

    Calls and exclusive instructions add up to the last row; inclusive ones overlap.
    """
    costs = profile.functions()
    shown, others = costs[:top], costs[top:]
    if len(others) == 1:  # one row either way
        shown, others = costs, []
    rows = [["function", "module", "calls", "exclusive", "excl. %", "inclusive", "incl. %"]]
    for cost in shown:
        function = cost.function
        rows.append(
            [
                shortened(printable(function.name), _NAME),
                _module(function.module),
                *_own(cost.calls, cost.exclusive, profile),
                f"{cost.inclusive:,}",
                share(cost.inclusive, profile.total),
            ]
        )
    if others:
        rows.append([f"({len(others)} others)", "", *_summed(others, profile), "", ""])
    rows.append(["total", "", *_summed(costs, profile), f"{profile.total:,}", share(profile.total, profile.total)])
    return aligned(rows)


def module_lines(profile: Profile) -> list[str]:
    """Return a table of the modules by the instructions of their functions, which add up to the last row."""
    modules: dict[str, list[FunctionCost]] = {}
    costs = profile.functions()
    for cost in costs:
        modules.setdefault(cost.function.module, []).append(cost)
    rows = [["module", "functions", "calls", "exclusive", "excl. %"]]
    for name, members in sorted(modules.items(), key=lambda item: (-sum(cost.exclusive for cost in item[1]), item[0])):
        rows.append([_module(name) or NO_MODULE, f"{len(members):,}", *_summed(members, profile)])
    rows.append(["total", f"{len(costs):,}", *_summed(costs, profile)])
    return aligned(rows)


def tree_lines(profile: Profile, min_share: float = 0.01) -> list[str]:
    """Return the call tree as text without what is below a share (0 to 1) of all instructions, most expensive first.

    Columns: inclusive instructions, their share, exclusive ones, calls, and the function, indented by its level.
    """
    rows = []
    level = -1
    for node, entered in visits(profile.merged().pruned(min_share).root):
        level += 1 if entered else -1
        function = node.function
        if not entered or (function.kind == SUMMED and node.inclusive < min_share * profile.total):
            continue
        deep = f"[{level}] " if level > _DEEPEST else ""
        module = f"  ({_module(function.module)})" if function.module else ""
        text = f"{'  ' * min(level, _DEEPEST)}{deep}{shortened(printable(function.name), _NAME)}{module}"
        figures = [
            f"{node.inclusive:,}",
            share(node.inclusive, profile.total),
            f"{node.exclusive:,}",
            f"{node.calls:,}",
        ]
        rows.append([*figures, text])
    return aligned([["inclusive", "incl. %", "exclusive", "calls", "function"], *rows])


def _own(calls: int, exclusive: int, profile: Profile) -> list[str]:
    return [f"{calls:,}", f"{exclusive:,}", share(exclusive, profile.total)]


def _summed(costs: Sequence[FunctionCost], profile: Profile) -> list[str]:
    return _own(sum(cost.calls for cost in costs), sum(cost.exclusive for cost in costs), profile)


def _module(name: str) -> str:
    return shortened(printable(name), _MODULE) if name else ""
