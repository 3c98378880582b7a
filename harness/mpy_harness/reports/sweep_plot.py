"""A plot of a sweep: how good each candidate is against what it takes, and which no other one beats."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mpy_harness.costs.limits import Limits
from mpy_harness.costs.sweep import Candidate
from mpy_harness.reports.drawing import drawing
from mpy_harness.reports.names import printable

_LABELLED = 12  # candidates up to which each has its settings beside it


def plot_sweep(candidates: Sequence[Candidate], limits: Limits, file: Path) -> None:
    """Draw accuracy over time (instructions where there is none), flash and heap, with the limits that there are.

    Raises as ``drawing`` does.
    """
    is_timed = candidates[0].cost.seconds is not None
    panels = [
        ("time [ms]", [1e3 * (each.cost.seconds or 0) for each in candidates], limits.time and 1e3 * limits.time)
        if is_timed
        else ("instructions", [each.cost.instructions for each in candidates], None),
        ("flash [KiB]", [each.cost.flash / 1024 for each in candidates], limits.flash and limits.flash / 1024),
        ("heap [KiB]", [each.cost.heap / 1024 for each in candidates], limits.ram and limits.ram / 1024),
    ]
    accuracies = [100 * each.accuracy for each in candidates]
    best = [number for number, each in enumerate(candidates) if each.is_best]
    named = best if len(best) <= _LABELLED else []
    with drawing(file, 5, 3.2 * len(panels)) as figure:
        figure.suptitle(f"{printable(candidates[0].cost.target)}: what no other candidate beats is filled", fontsize=9)
        for number, (what, taken, limit) in enumerate(panels):
            axes = figure.add_subplot(len(panels), 1, number + 1)
            axes.scatter(taken, accuracies, facecolors="none", edgecolors="C0", s=30)
            axes.scatter([taken[at] for at in best], [accuracies[at] for at in best], color="C0", s=30)
            for at in named:
                text = ", ".join(printable(str(value)) for value in candidates[at].settings.values())
                axes.annotate(text, (taken[at], accuracies[at]), (4, -9), textcoords="offset points", fontsize=7)
            if limit is not None:
                axes.axvline(limit, linestyle=":", color="gray", label="limit")
                axes.legend(loc="lower right", fontsize=8)
            axes.set_xlim(left=0)
            axes.set_xlabel(what)
            axes.set_ylabel("accuracy [%]")
