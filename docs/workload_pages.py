"""Pages of workloads from what was measured: a table for each workload, and a plot of its forms on one core."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docs import workload_plots
from docs.workload_tables import DRAWN, Targets, best, by_workload, comparison, markdown, on_bus, pairs, shares

FOLDER = Path(__file__).parent / "workloads"
BEGIN, END = "<!-- tables -->\n", "<!-- end of tables -->\n"


@dataclass(frozen=True)
class Area:
    """What one page shows: workloads by their folders below ``cases``, and which tables stand before theirs."""

    workloads: Sequence[str]
    first: Sequence[Callable[[Targets], Iterator[str]]] = ()
    draw: Callable[[Path, workload_plots.Cases, str, str], None] = workload_plots.bars


def data_file(area: str) -> Path:
    """Return the file of what was measured."""
    return FOLDER / f"{area}.json"


def page_file(area: str) -> Path:
    """Return the page."""
    return FOLDER / f"{area}.md"


def written(targets: Targets) -> str:
    """Return the text of the file of what was measured: a line for each case."""
    lines = ["{"]
    for name, of_target in targets.items():
        facts = {key: value for key, value in of_target.items() if key not in {"figures", "skipped"}}
        lines += [f' "{name}": {{', f"  {json.dumps(facts)[1:-1]},", '  "figures": {']
        lines += [_line_of_each(of_target["figures"]), '  },\n  "skipped": {', _line_of_each(of_target["skipped"])]
        lines += ["  }", " },"]
    lines[-1] = " }"
    return "\n".join([*(line for line in lines if line), "}", ""])


def _line_of_each(table: Mapping[str, Any]) -> str:
    return ",\n".join(f"   {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in table.items())


def page_with(area: str, targets: Targets) -> str:
    """Return the page with the tables of what was measured between two of its lines."""
    page = page_file(area).read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{tables(area, targets)}\n{END}{rest.partition(END)[2]}"


def write(area: str, targets: Targets) -> None:
    """Write the page and its plot."""
    page_file(area).write_text(page_with(area, targets), encoding="utf-8")
    AREAS[area].draw(FOLDER / f"{area}.svg", cases_of(targets), DRAWN, digest(targets))


# --- tables -----------------------------------------------------------------------------------


def tables(area: str, targets: Targets) -> str:
    """Return the tables of an area: for each workload instructions on all targets, and what it takes of memory."""
    versions = dict.fromkeys(each[what] for what in ("toolchain", "emulator") for each in targets.values())
    lines = [f"Made with {'; '.join(versions)}."]
    for table in AREAS[area].first:
        lines += ["", *table(targets)]
    for workload, rows in by_workload(targets).items():
        lines += ["", f"### {workload}", "", *_instructions(rows, targets), *_memory(rows, targets)]
    return "\n".join([*lines, *_skipped(targets), ""])


def _instructions(rows: Sequence[str], targets: Targets) -> Iterator[str]:
    yield "Instructions per value:"
    yield ""
    yield from markdown(["", *(f"`{name}`" for name in targets)], (_row(name, targets) for name in rows))


def _row(name: str, targets: Targets) -> list[str]:
    cells = []
    for of_target in targets.values():
        figure = of_target["figures"].get(name)
        cells.append(workload_plots.short(figure["instructions"] / figure["values"]) if figure else "–")
    return [name.partition("/")[2], *cells]


def _memory(rows: Sequence[str], targets: Targets) -> Iterator[str]:
    figures = targets[DRAWN]["figures"]
    watched = [name for name in rows if "allocated" in figures.get(name, {})]
    if not watched:
        return
    yield from ("", f"Of the heap, in one call on `{DRAWN}`:", "")
    head = ["", "allocations", "bytes allocated", "most at a time"]
    yield from markdown(head, (_memory_row(name, figures[name]) for name in watched))


def _memory_row(name: str, figure: Mapping[str, Any]) -> list[str]:
    return [name.partition("/")[2], *(f"{figure[what]:,}" for what in ("allocations", "allocated", "most"))]


def _skipped(targets: Targets) -> Iterator[str]:
    reasons: dict[str, list[str]] = {}
    for of_target in targets.values():
        for name, reason in of_target["skipped"].items():
            reasons.setdefault(reason, []).append(name)
    if not reasons:
        yield from ("", "Every case runs on each of these targets.")
        return
    yield from ("", "### What does not run", "")
    yield from (f"- {', '.join(dict.fromkeys(names))}: {reason}" for reason, names in reasons.items())


# --- plots ------------------------------------------------------------------------------------


def digest(targets: Targets) -> str:
    """Return what stands in a plot for the figures that it was drawn from."""
    return hashlib.sha256(json.dumps(cases_of(targets)).encode()).hexdigest()[:16]


def cases_of(targets: Targets) -> workload_plots.Cases:
    """Return for each case its forms, with the instructions per value on the core that is drawn."""
    found: dict[str, list[tuple[str, float]]] = {}
    figures = targets[DRAWN]["figures"]
    for rows in by_workload(targets).values():
        for name in (name for name in rows if name in figures):
            case, _, form = name.removesuffix(")").partition(" (")
            each = figures[name]["instructions"] / figures[name]["values"]
            found.setdefault(case, []).append((form or "program", each))
    return list(found.items())


#: The pages by the names of their files.
AREAS = {
    "conversions": Area(
        (
            "conversions/sensor_bytes",
            "conversions/filling",
            "conversions/blocks",
            "conversions/ring",
            "conversions/text_bytes",
        ),
        (best,),
    ),
    "fft": Area(("transforms/fft_forms", "transforms/fft_q15"), draw=workload_plots.lines),
    "signals": Area(
        (
            "filters/iir_forms",
            "filters/fir_forms",
            "filters/biquad_q15",
            "filters/resample",
            "filters/decimate",
            "features/statistics",
            "features/level",
            "features/correlation",
            "transforms/dct",
            "transforms/melspec",
        )
    ),
    "classifiers": Area(
        (
            "classifiers/digits_small",
            "classifiers/linear",
            "classifiers/neighbours",
            "classifiers/digits_forest",
            "classifiers/digits_cnn",
            "classifiers/digits_28",
            "classifiers/svm_rbf",
            "classifiers/kmeans",
            "classifiers/extra_trees",
            "pipeline/activity",
        ),
        (comparison,),
    ),
    "pipelines": Area(
        (
            "features/welch",
            "pipeline/vibration",
            "pipeline/keyword",
            "sensors/accelerometer",
            "pipeline/sound_meter",
        ),
        (shares, on_bus),
    ),
    "speed-guide": Area(("interpreter/speed_guide",), (pairs,)),
}
