"""Estimates of what models take, as tables and as data for JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isnan
from typing import Any

from mpy_harness.costs.cycles import interval, seconds_text
from mpy_harness.costs.limits import VERDICTS, Limits
from mpy_harness.costs.prediction import CostEstimate, StageEstimate
from mpy_harness.costs.sweep import Candidate
from mpy_harness.reports.names import printable
from mpy_harness.reports.table import aligned
from mpy_harness.targets import Part

_MANY = 1000  # runs a second, which are told without fractions
_HEAD = ["target", "stage", "flash B", "heap B", "instructions", "±", "time", "±", "clock", "runs/s", "share"]


def estimate_lines(costs: Sequence[CostEstimate], limits: Limits) -> list[str]:
    """Return what is estimated on each target, and how much of the limits it takes."""
    lines = []
    for each in costs[0].stages:
        if each.stage.about:
            lines.append(printable(f"{each.stage.text}: {each.stage.about}."))
        if "node" in each.stage.terms:
            lines.append(f"An inference visits {each.stage.terms['node']:.1f} decision nodes, {_source(each)}.")
        if "kept" in each.stage.terms:
            lines.append(f"An inference sorts in {each.stage.terms['kept']:.1f} samples, {_source(each)}.")
    rows = [row for cost in costs for row in _rows(cost)]
    lines += [*([""] if lines else []), *aligned([_HEAD, *rows])]
    notes = [note for cost in costs for note in _notes(cost, limits)]
    return [*lines, *([""] if notes else []), *notes]


def _source(each: StageEstimate) -> str:
    guess = f"guessed from {each.stage.guessed}; --data tells it"
    return guess if each.stage.guessed else "looked up in the samples"


def _rows(cost: CostEstimate) -> Iterator[list[str]]:
    for each in cost.stages:
        yield [
            cost.target,
            printable(each.stage.text),
            _bytes(each.flash),
            _bytes(each.heap),
            f"{each.instructions:,.0f}",
            f"{each.error:.3g} %" + ("*" if each.outside else ""),
            *_time(None if each.time is None else each.time.seconds, each),
            "" if each.time is None else f"{each.time.clock / 1e6:g} MHz",
            "" if each.runs is None else f"{each.runs:,.0f}" if each.runs >= _MANY else f"{each.runs:.4g}",
            _share(each.share),
        ]
    for name, (flash, heap) in cost.modules.items():
        yield [cost.target, f"(module {name})", _bytes(flash), _bytes(heap), *[""] * 7]
    yield [cost.target, "all", _bytes(cost.flash), _bytes(cost.heap), *_together(cost), _share(cost.share)]


def _together(cost: CostEstimate) -> list[str]:
    """Return instructions, time and their errors of all stages: for a second of input, or of one run of several."""
    if (rate := cost.instructions_per_second) is not None:
        return [f"{rate:,.0f}/s", *[""] * 5]
    if len(cost.stages) == 1:
        return [""] * 6
    error = f"{cost.error:.2g} %" + ("*" if cost.outside else "")
    return [f"{cost.instructions:,.0f}", error, *_time(cost.seconds, cost), "", ""]


def _time(seconds: float | None, each: StageEstimate | CostEstimate) -> list[str]:
    if seconds is None:
        return ["", ""]
    return [seconds_text(seconds), interval(each.time_error or 0.0, each.time_above or 0.0)]


def _bytes(number: int) -> str:
    return f"{number:,}"


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.2%}"


def _notes(cost: CostEstimate, limits: Limits) -> Iterator[str]:
    for each in cost.stages:
        if each.outside:
            yield f"* {cost.target}: outside of what was measured: {each.outside}. The error may be larger."
    if cost.part is not None:
        yield from _part_notes(cost.part, cost)
    elif cost.measured_on != cost.target:
        yield f"{cost.target}: measured on {cost.measured_on}, which has the same core and the same native modules."
    if any(each.time is None for each in cost.stages):
        yield f"{cost.target}: no time, because it has no cycle model; chips have one, --part (mpy-harness parts)."
    if any(each.is_float_code for each in cost.stages):
        yield f"{cost.target}: for float code the cycle model's error is doubled: docs/costs.md says why."
    if cost.share is not None and cost.share > 1:
        yield f"{cost.target}: does not keep up: all stages take {cost.share:.0%} of the core."
    for fit in limits.of(cost):
        yield f"{cost.target}: {fit.sentence}"


def _part_notes(part: Part, cost: CostEstimate) -> Iterator[str]:
    name = printable(part.name)
    same = f"instructions as on {cost.measured_on}, whose native modules are the same"
    elsewhere = max(each.elsewhere for each in cost.stages)
    yield f"{name}: {printable(part.description)}: {same}; ±{elsewhere:g} % of them for other firmware."
    for memory in map(printable, cost.untold):
        yield f"{name}: how long code waits for {memory} is not in the time: no source tells it (docs/parts.md)."
    taken = "" if part.taken is None else f", without {part.taken.value:,} B ({printable(part.taken.source)})"
    yield f"{name}: its RAM is {part.room:,} B{taken}; the variables of MicroPython itself lie in that too."


def estimate_data(cost: CostEstimate, limits: Limits) -> dict[str, Any]:
    """Return an estimate as data for JSON: bytes, seconds, errors in percent."""
    return {
        "target": cost.target,
        "measured_on": cost.measured_on,
        "flash": cost.flash,
        "heap": cost.heap,
        "seconds": cost.seconds,
        "time_error": cost.time_error,
        "time_above": cost.time_above,
        "part": cost.part and cost.part.name,
        "waits_not_told": list(cost.untold),
        "instructions_per_second": cost.instructions_per_second,
        "share": cost.share,
        "stages": [_stage_data(each) for each in cost.stages],
        "limits": [
            {"what": each.what, "takes": _known(each.takes), "limit": each.limit, "fits": each.verdict}
            for each in limits.of(cost)
        ],
    }


def _known(number: float) -> float | None:
    return None if isnan(number) else number


def _stage_data(each: StageEstimate) -> dict[str, Any]:
    return {
        "stage": each.stage.text,
        "kind": each.stage.kind,
        "sizes": dict(each.stage.sizes),
        "terms": dict(each.stage.terms),
        "guessed_from": each.stage.guessed or None,
        "flash": each.flash,
        "heap": each.heap,
        "modules": [{"name": name, "flash": flash, "heap": heap} for name, (flash, heap) in each.modules.items()],
        "instructions": each.instructions,
        "error": each.error,
        "outside": each.outside or None,
        "cycles": each.time and each.time.cycles,
        "seconds": each.time and each.time.seconds,
        "time_error": each.time_error,
        "time_above": each.time_above,
        "floats": each.floats,
        "runs_per_second": each.runs,
        "share": each.share,
    }


def sweep_lines(candidates: Sequence[Candidate], limits: Limits) -> list[str]:
    """Return a row for each candidate; a star marks those that no other one beats in everything."""
    names = list(candidates[0].settings)
    fits = ["fits"] if limits != Limits() else []
    rows = [["", *names, "accuracy", "flash B", "heap B", "instructions", "±", "time", "±", *fits]]
    for each in candidates:
        cost = each.cost
        rows.append(
            [
                "*" if each.is_best else "",
                *(printable(str(value)) for value in each.settings.values()),
                f"{each.accuracy:.1%}",
                _bytes(cost.flash),
                _bytes(cost.heap),
                f"{cost.instructions:,.0f}",
                f"{cost.error:.3g} %" + (" outside" if cost.outside else ""),
                *_time(cost.seconds, cost),
                *([_fits(each, limits)] if fits else []),
            ]
        )
    return aligned(rows)


def _fits(candidate: Candidate, limits: Limits) -> str:
    wrong = [f"{VERDICTS[fit.verdict]}: {fit.what}" for fit in limits.of(candidate.cost) if fit.verdict != "yes"]
    return ", ".join(wrong) or "yes"


def fit_lines(
    candidates: Sequence[Candidate], limits: Limits, parts: Mapping[str, Sequence[CostEstimate]]
) -> list[str]:
    """Return which candidate fits which part, with its time there; nothing where there are no parts."""
    if not parts:
        return []
    rows = [[*candidates[0].settings, *parts]]
    for at, each in enumerate(candidates):
        cells = []
        for cost in (costs[at] for costs in parts.values()):
            time = "" if cost.seconds is None else f", {seconds_text(cost.seconds)}"
            cells.append(VERDICTS[limits.verdict(cost)] + time)
        rows.append([*(printable(str(value)) for value in each.settings.values()), *cells])
    return ["", *aligned(rows)]


def sweep_data(
    candidates: Sequence[Candidate], limits: Limits, parts: Mapping[str, Sequence[CostEstimate]] | None = None
) -> list[dict[str, Any]]:
    """Return a sweep as data for JSON, and what each candidate takes on parts."""
    return [
        {
            "settings": dict(each.settings),
            "accuracy": each.accuracy,
            "pareto": each.is_best,
            **estimate_data(each.cost, limits),
            "parts": [estimate_data(costs[at], limits) for costs in (parts or {}).values()],
        }
        for at, each in enumerate(candidates)
    ]
