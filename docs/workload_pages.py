"""Pages of workloads from what was measured: a table for each workload, and a plot of its forms on one core."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docs import workload_plots
from mpy_harness.targets import load_part

FOLDER = Path(__file__).parent / "workloads"
BEGIN, END = "<!-- tables -->\n", "<!-- end of tables -->\n"
#: The core whose bars are drawn.
DRAWN = "m33"
Targets = Mapping[str, Any]


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


def by_workload(targets: Targets) -> dict[str, list[str]]:
    """Return the names of all cases with their forms, by workload, in the order in which they were measured."""
    names = dict.fromkeys(name for each in targets.values() for kind in ("figures", "skipped") for name in each[kind])
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(name.partition("/")[0], []).append(name)
    return {workload: sorted(rows, key=_order) for workload, rows in found.items()}


def _order(name: str) -> list[tuple[str, int]]:
    # By the case's name alone, and numbers in it as numbers: _64 before _1024.
    return [(text, int(number or 0)) for text, number in re.findall(r"(\D*)(\d*)", name.partition(" (")[0])]


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


def _pairs(targets: Targets) -> Iterator[str]:
    """Return the table of cases that have the forms before and after: instructions and what is allocated."""
    yield from ("### Before and after", "", f"Instructions before over those after; calls and heap on `{DRAWN}`.", "")
    names = by_workload(targets)["speed_guide"]
    figures = targets[DRAWN]["figures"]
    rows = []
    for case in dict.fromkeys(name.partition(" (")[0] for name in names):
        before, after = (figures[f"{case} ({form})"] for form in ("before", "after"))
        factors = (
            of_target["figures"][f"{case} (before)"]["instructions"]
            / of_target["figures"][f"{case} (after)"]["instructions"]
            for of_target in targets.values()
        )
        calls = f"{before['instructions']:,} → {after['instructions']:,}"
        heap = f"{before['allocated']:,} → {after['allocated']:,}"
        rows.append([case.partition("/")[2], *(f"{factor:.2f}" for factor in factors), calls, heap])
    yield from markdown(["", *(f"`{name}`" for name in targets), "instructions", "bytes allocated"], rows)


#: Published for an ESP32 by emlearn-micropython: milliseconds and kB.
PUBLISHED = {"native": (1.3, 15), "everywhereml": (17.7, 154), "m2cgen": (60.1, 179)}
CLOCK = 150_000_000  # of an RP2350, whose cores are Cortex-M33


def _comparison(targets: Targets) -> Iterator[str]:
    """Return the table of one forest as several projects convert it, beside what is published."""
    yield from ("### The comparison that is quoted", "")
    yield "Of one digit: instructions on each core, how many times those of the native module, estimated time on a"
    yield f"Cortex-M33 at {CLOCK // 10**6} MHz, bytes of file and heap; behind it what is published for an ESP32."
    yield ""
    head = ["", *(f"`{name}`" for name in targets), "times", "time", "file", "heap", "published", "times", "kB"]
    figures = {form: targets[DRAWN]["figures"][f"digits_forest/digits ({form})"] for form in (*PUBLISHED, "python")}
    native = figures["native"]["instructions"]
    rows = []
    for form, figure in figures.items():
        name = f"digits_forest/digits ({form})"
        each = (of_target["figures"].get(name) for of_target in targets.values())
        counts = (f"{one['instructions'] / one['values']:,.0f}" if one else "–" for one in each)
        seconds = figure["cycles"] / figure["values"] / CLOCK
        time, size = PUBLISHED.get(form, (0, 0))
        published = [f"{time} ms", f"{time / PUBLISHED['native'][0]:.1f}", str(size)] if time else ["–", "–", "–"]
        ours = [f"{figure['instructions'] / native:.1f}", f"{1000 * seconds:.3f} ms"]
        sizes = [f"{figure[what]:,}" for what in ("file", "heap")]
        rows.append([form, *counts, *ours, *sizes, *published])
    yield from markdown(head, rows)


#: The steps of the sound level meter, and the form of each that is a part of a form of the meter.
STEPS = {
    "python": (("conversion", "python"), ("weighting", "python"), ("level", "native")),
    "native": (("conversion", "native"), ("weighting", "native"), ("level", "native")),
    "@native": (("conversion", "native"), ("weighting", "native"), ("level", "@native")),
}
#: Chips, each with a target that has its core.
CHIPS = {"stm32f405": "m4-stm32", "rp2350": "m33"}


def _shares(targets: Targets) -> Iterator[str]:
    """Return the table of what each step of the sound level meter takes of a chunk of sound."""
    chips = {chip: target for chip, target in CHIPS.items() if target in targets}
    yield from ("### The steps of the sound level meter", "")
    yield "Instructions of one chunk of 125 ms, with each step's share of the three; estimated time on chips, without"
    yield "waits for the flash. `level` is bytecode in the forms `python` and `native`."
    yield ""
    rows = []
    for form, steps in STEPS.items():
        names = [f"sound_meter/{step} ({how})" for step, how in steps]
        for name in names:
            cells = []
            for of_target in targets.values():
                each = [of_target["figures"][one]["instructions"] for one in names]
                count = of_target["figures"][name]["instructions"]
                cells.append(f"{count:,} ({100 * count / sum(each):.0f} %)")
            for chip, target in chips.items():
                seconds = targets[target]["figures"][name]["cycles"] / load_part(chip).clock.value
                cells.append(f"{1000 * seconds:.2f} ms")
            rows.append([f"{form}: {name.partition('/')[2].partition(' ')[0]}", *cells])
    clocks = (f"{chip}, {load_part(chip).clock.value // 10**6} MHz" for chip in chips)
    yield from markdown(["", *(f"`{name}`" for name in targets), *clocks], rows)


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


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Return the lines of a table; numbers are aligned to the right."""
    yield "| " + " | ".join(head) + " |"
    yield "| --- |" + " ---: |" * (len(head) - 1)
    yield from ("| " + " | ".join(row) + " |" for row in rows)


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
        )
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
            "classifiers/digits_forest",
            "classifiers/digits_cnn",
            "classifiers/digits_28",
            "classifiers/svm_rbf",
            "classifiers/kmeans",
            "classifiers/extra_trees",
            "pipeline/activity",
        ),
        (_comparison,),
    ),
    "pipelines": Area(
        (
            "features/welch",
            "pipeline/vibration",
            "pipeline/keyword",
            "sensors/accelerometer",
            "pipeline/sound_meter",
        ),
        (_shares,),
    ),
    "speed-guide": Area(("interpreter/speed_guide",), (_pairs,)),
}
