"""A sweep as one HTML page without other files: accuracy against what each candidate takes, and which part it fits.

As the page of a run, it makes no request; it runs nothing at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import floor, log10
from typing import Any

from mpy_harness.costs.cycles import interval, seconds_text
from mpy_harness.costs.limits import VERDICTS, Limits
from mpy_harness.costs.prediction import CostEstimate
from mpy_harness.costs.sweep import Candidate
from mpy_harness.reports.names import printable, shortened
from mpy_harness.reports.page_file import page_file, part_of_page

_WIDTH, _HEIGHT, _LEFT, _BELOW, _EDGE = 340, 230, 46, 40, 12
_TICKS = 4
_MARKS = {"yes": "✓", "perhaps": "?", "no": "✕"}
_NAME = 60


def sweep_page(
    title: str, candidates: Sequence[Candidate], limits: Limits, parts: Mapping[str, Sequence[CostEstimate]]
) -> str:
    """Return the text of the page: the same for the same candidates. ``parts`` are their costs on each part."""
    style = part_of_page("page.css") + part_of_page("sweep.css")
    content = {
        "title": _text(title),
        "target": _text(candidates[0].cost.target),
        "count": len(candidates),
        "best": sum(each.is_best for each in candidates),
        "settings": [_text(name) for name in candidates[0].settings],
        "rows": [_row(each, limits) for each in candidates],
        "panels": list(_panels(candidates, limits)),
        "parts": [_text(name) for name in parts],
        "fits": [_fits(each, [costs[at] for costs in parts.values()], limits) for at, each in enumerate(candidates)],
        "limited": limits != Limits(),
        "style": style,
    }
    return page_file("sweep.html", content, [style])


def _text(value: object) -> str:
    return shortened(printable(str(value)), _NAME)


def _row(candidate: Candidate, limits: Limits) -> dict[str, Any]:
    cost = candidate.cost
    time = None if cost.seconds is None else seconds_text(cost.seconds)
    wrong = [f"{VERDICTS[fit.verdict]}: {fit.what}" for fit in limits.of(cost) if fit.verdict != "yes"]
    return {
        "settings": [_text(value) for value in candidate.settings.values()],
        "is_best": candidate.is_best,
        "accuracy": f"{candidate.accuracy:.1%}",
        "figures": [
            f"{cost.flash:,}",
            f"{cost.heap:,}",
            f"{cost.instructions:,.0f}",
            f"{cost.error:.3g} %" + (" outside" if cost.outside else ""),
            "–" if time is None else time,
            "–" if time is None else interval(cost.time_error or 0.0, cost.time_above or 0.0),
        ],
        "wrong": ", ".join(wrong),
    }


def _fits(candidate: Candidate, costs: Sequence[CostEstimate], limits: Limits) -> dict[str, Any]:
    cells = []
    for cost in costs:
        verdict = limits.verdict(cost)
        room = cost.heap / cost.part.room if cost.part is not None else None
        time = "time not known" if cost.seconds is None else seconds_text(cost.seconds)
        cells.append(
            {
                "verdict": verdict,
                "mark": _MARKS[verdict],
                "words": VERDICTS[verdict],
                "text": f"{time}, {room:.1%} of RAM" if room is not None else time,
            }
        )
    return {"settings": [_text(value) for value in candidate.settings.values()], "cells": cells}


def _panels(candidates: Sequence[Candidate], limits: Limits) -> Iterator[dict[str, Any]]:
    seconds = [each.cost.seconds for each in candidates]
    if all(each is not None for each in seconds):
        times = [1e3 * (each or 0.0) for each in seconds]
        yield _panel(candidates, "time, ms", times, limits.time and 1e3 * limits.time)
    else:
        yield _panel(candidates, "instructions", [each.cost.instructions for each in candidates], None)
    for what, number, limit in (("flash", "flash", limits.flash), ("heap", "heap", limits.ram)):
        taken = [getattr(each.cost, number) / 1024 for each in candidates]
        yield _panel(candidates, f"{what}, KiB", taken, limit and limit / 1024)


def _panel(candidates: Sequence[Candidate], what: str, taken: Sequence[float], limit: float | None) -> dict[str, Any]:
    most = max(*taken, limit if limit and limit < 3 * max(taken) else 0) * 1.06 or 1
    accuracies = [100 * each.accuracy for each in candidates]
    low, high = min(accuracies), max(accuracies)
    margin = max(0.08 * (high - low), 0.5)
    low, high = low - margin, high + margin

    def place(x: float, y: float) -> tuple[float, float]:
        wide, high_ = _WIDTH - _LEFT - _EDGE, _HEIGHT - _BELOW - _EDGE
        return round(_LEFT + wide * x / most, 1), round(_EDGE + high_ * (high - y) / (high - low), 1)

    points = [
        {"x": x, "y": y, "is_best": each.is_best, "title": _title(each, what, take)}
        for each, take, (x, y) in zip(candidates, taken, map(place, taken, accuracies), strict=True)
    ]
    return {
        "what": what,
        "width": _WIDTH,
        "height": _HEIGHT,
        "points": sorted(points, key=lambda point: point["is_best"]),
        "front": " ".join(f"{x},{y}" for x, y in _steps(taken, accuracies, place)),
        "x_ticks": [(place(tick, low)[0], f"{tick:g}") for tick in _ticks(0, most)],
        "y_ticks": [(place(0, tick)[1], f"{tick:g}") for tick in _ticks(low, high)],
        "limit": place(limit, low)[0] if limit and limit <= most else None,
        "left": _LEFT,
        "bottom": _HEIGHT - _BELOW,
        "right": _WIDTH - _EDGE,
        "top": _EDGE,
        "label": f"Accuracy in percent against {what}: {len(candidates)} candidates. All figures are in the table.",
    }


def _title(candidate: Candidate, what: str, taken: float) -> str:
    settings = ", ".join(f"{_text(name)}={_text(value)}" for name, value in candidate.settings.items())
    return f"{settings}\n{candidate.accuracy:.1%}, {taken:,.4g} {what.rpartition(' ')[2]}"


def _steps(taken: Sequence[float], accuracies: Sequence[float], place: Any) -> Iterator[tuple[float, float]]:
    """Return the corners of the front: the most that is reached with so much."""
    reached: float | None = None
    for take, accuracy in sorted(zip(taken, accuracies, strict=True), key=lambda pair: (pair[0], -pair[1])):
        if reached is None or accuracy > reached:
            if reached is not None:
                yield place(take, reached)
            yield place(take, accuracy)
            reached = accuracy


def _ticks(low: float, high: float) -> Iterator[float]:
    step = 10.0 ** floor(log10((high - low) / _TICKS))
    step *= next(factor for factor in (1, 2, 5, 10) if (high - low) / (factor * step) <= _TICKS + 2)
    number = -(-low // step)
    while number * step <= high:
        yield round(number * step, 10) + 0.0  # no minus before a zero
        number += 1
