"""What kernels take on a device, as a table and as data for JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from mpy_harness.costs.cycles import interval
from mpy_harness.rates.bench import Benchmark, Rate
from mpy_harness.reports.table import aligned
from mpy_harness.targets import Part

_HEAD = ["kernel", "data", "form", "instructions", "sd", "75 %", "95 %", "cycles", "a second", "±"]


def rate_lines(target: str, found: Benchmark, part: Part | None = None) -> list[str]:
    """Return a row for each kernel: what one unit of it takes, over all inputs, its time on the target or a part."""
    lines = [f"{target}: instructions and cycles of one each, over {found.inputs} inputs, without the call."]
    lines += ["", *aligned([_HEAD, *map(_row, found.rates)]), "", *_notes(target, found, part)]
    return lines


def _row(rate: Rate) -> list[str]:
    spread = rate.instructions
    return [
        rate.unit,
        rate.data_type,
        rate.form,
        *(figure(each) for each in (spread.mean, spread.deviation, spread.p75, spread.p95)),
        "" if rate.cycles is None else figure(rate.cycles.mean),
        "" if rate.per_second is None else figure(rate.per_second),
        "" if rate.error is None else interval(rate.error, rate.time_above or 0.0),
    ]


def figure(number: float) -> str:
    """Return a number with at least three digits."""
    if number >= 100:
        return f"{number:,.0f}"
    return "0" if not number else f"{number:.3g}"


def _notes(target: str, found: Benchmark, part: Part | None) -> Iterator[str]:
    for call in found.calls:
        yield f"A call with four buffers that does nothing, {call.form}: {call.instructions:,} instructions."
    clocks = {rate.clock for rate in found.rates if rate.clock is not None}
    for clock in clocks:
        whose = "the core" if part is None else f"{part.core} in {part.name}"
        yield f"Cycles and rates, and their errors, are those of the cycle model of {whose}, at {clock / 1e6:g} MHz."
    if len({rate.error for rate in found.rates} - {None}) > 1:
        yield "The error of float code is up to twice that of the cycle model: docs/costs.md says why."
    if not clocks:
        yield f"{target if part is None else part.name} has no cycles: " + (
            "there is no cycle model of its core."
            if any(rate.classes for rate in found.rates)
            else "its machine does not count classes of instructions."
        )
    if part is not None and clocks and any(rate.waits is None for rate in found.rates):
        yield f"How long code waits for a memory of {part.name} is not in some: no source tells it (docs/parts.md)."
    if not all(rate.exact for rate in found.rates):
        yield "Not all counts are exact: the guest did something else besides (docs/counting.md)."


def rate_data(target: str, found: Benchmark, part: Part | None = None) -> dict[str, Any]:
    """Return a benchmark as data for JSON."""
    return {
        "target": target,
        "part": part and part.name,
        "inputs": found.inputs,
        "calls": {call.form: call.instructions for call in found.calls},
        "rates": [_data(rate) for rate in found.rates],
    }


def _data(rate: Rate) -> dict[str, Any]:
    facts = asdict(rate)
    return {**facts, "per_second": rate.per_second, "seconds": rate.seconds, "time_above": rate.time_above}
