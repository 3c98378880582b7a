"""What a run took of a project's budgets, as lines of text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mpy_harness.measurements.budget_file import BudgetFile, Use
from mpy_harness.reports.figures import amount, metric, plural
from mpy_harness.reports.names import printable
from mpy_harness.reports.table import aligned

_CASES = 5  # of a budget that are listed


def budget_rows(uses: Iterable[Use]) -> list[str]:
    """Return a table of budgets with what was used of them."""
    rows = [["budget", "metric", "limit", "used", "share", "by"]]
    for use in uses:
        worst = use.measurements[0]
        share = "" if use.share is None else f"{use.share:.0%}"
        by = f"{printable(worst.case)} on {printable(worst.target)}"
        rows.append(
            [printable(use.budget.glob), metric(worst), amount(use.budget.limit), amount(worst.value), share, by]
        )
    return aligned(rows)


def excess_lines(uses: Iterable[Use]) -> list[str]:
    """Return a line for each figure that is past its budget, those of one budget together."""
    lines = []
    for use in uses:
        for each in use.exceeding[:_CASES]:
            word = "at most" if each.better == "lower" else "at least"
            excess = use.budget.exceeded_by(each)
            share = f", {excess / use.budget.limit:.1%}" if use.budget.limit > 0 else ""
            lines.append(
                f"{printable(each.case)} on {printable(each.target)}: {metric(each)} {amount(each.value)}, "
                f"{word} {amount(use.budget.limit)} are allowed for {printable(use.budget.glob)} ({amount(excess)} "
                f"{'more' if each.better == 'lower' else 'less'}{share})"
            )
        if (more := len(use.exceeding) - _CASES) > 0:
            lines.append(f"({more:,} more of {printable(use.budget.glob)})")
    return lines


def summary(budgets: BudgetFile, uses: Sequence[Use]) -> str:
    """Return in one sentence how a run stands to its budgets."""
    past = sum(bool(use.exceeding) for use in uses)
    verdict = f"{past:,} exceeded" if past else "all kept"
    used = f"{plural(len(uses), 'budget')}, {verdict}" if uses else "nothing was measured for any budget"
    unused = len(budgets.budgets) - len(uses)
    return used + (f"; nothing was measured for {plural(unused, 'other')}" if uses and unused else "")
