"""Measurements in the forms that other services for benchmarks read."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Literal

from mpy_harness.measurements.run import Measurement, Run
from mpy_harness.reports.names import printable

_MEASURE = 64


def benchmark_action(run: Run, better: Literal["lower", "higher"]) -> str | None:
    """Return the JSON of github-action-benchmark for measurements of which lower or higher is better, None for none.

    It has one direction for a file (tools ``customSmallerIsBetter`` and ``customBiggerIsBetter``; README.md of
    github.com/benchmark-action/github-action-benchmark) and refuses an empty one. Its comments put names into
    Markdown as they are, so what would end a code span or a cell is written as an escape.
    """
    entries = [
        {
            "name": _inert(f"{each.case} / {each.metric} ({each.target})"),
            "unit": _inert(each.unit) if each.unit else "",
            "value": each.value,
            **({"extra": _inert(f"{each.file}:{each.line}")} if each.file else {}),
        }
        for each in run.measurements
        if each.better == better
    ]
    return json.dumps(entries, indent=1, allow_nan=False) + "\n" if entries else None


def bencher(run: Run) -> str:
    """Return the measurements as Bencher Metric Format: ``{benchmark: {measure: {"value": …}}}``.

    See bencher.dev/docs/reference/bencher-metric-format. A measure's name has at most 64 characters there. The
    target stands last in a benchmark's name: an ending of Bencher's own, which switches alerts off, has no effect.
    """
    benchmarks: dict[str, dict[str, dict[str, float]]] = {}
    for each in run.measurements:
        measures = benchmarks.setdefault(printable(f"{each.case} ({each.target})"), {})
        measures[_measure(each)] = {"value": each.value}
    return json.dumps(benchmarks, indent=1, allow_nan=False) + "\n"


def _inert(text: str) -> str:
    return printable(text).replace("`", "\\u0060").replace("|", "\\u007c")


def _measure(measurement: Measurement) -> str:
    name = printable(measurement.metric)
    if len(name) <= _MEASURE:
        return name
    return f"{name[: _MEASURE - 9]}-{sha256(name.encode()).hexdigest()[:8]}"
