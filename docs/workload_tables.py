"""What tables of workloads are made with, and those that stand before the tables of each workload."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from docs import workload_plots
from mpy_harness.targets import load_part

#: The core whose bars are drawn.
DRAWN = "m33"
Targets = Mapping[str, Any]


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


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Return the lines of a table; numbers are aligned to the right."""
    yield "| " + " | ".join(head) + " |"
    yield "| --- |" + " ---: |" * (len(head) - 1)
    yield from ("| " + " | ".join(row) + " |" for row in rows)


def pairs(targets: Targets) -> Iterator[str]:
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


def best(targets: Targets) -> Iterator[str]:
    """Return the table of the form with the fewest instructions, of each case on each core."""
    yield from ("### The best way on each core", "")
    yield "The form that takes the fewest instructions, and how many a value; where there is a native module, below it"
    yield "the best of the others. What they allocate is in the tables of each workload."
    yield ""
    forms: dict[str, list[str]] = {}
    for names in by_workload(targets).values():
        for name in names:
            case, _, form = name.removesuffix(")").partition(" (")
            forms.setdefault(case, []).append(form)
    rows = []
    for case, each in forms.items():
        name = case.replace("/", ": ")
        rows.append([name, *(_fewest(of_target, case, each) for of_target in targets.values())])
        if "native" in each:
            others = [form for form in each if form != "native"]
            rows.append([f"{name}, no native module", *(_fewest(one, case, others) for one in targets.values())])
    yield from markdown(["", *(f"`{name}`" for name in targets)], rows)


def _fewest(of_target: Mapping[str, Any], case: str, forms: Sequence[str]) -> str:
    figures = {form: of_target["figures"].get(f"{case} ({form})") for form in forms}
    each = [(figure["instructions"] / figure["values"], form) for form, figure in figures.items() if figure]
    if not each:
        return "–"
    count, form = min(each)
    return f"{form} {workload_plots.short(count)}"


#: Published for an ESP32 by emlearn-micropython: milliseconds and kB.
PUBLISHED = {"native": (1.3, 15), "everywhereml": (17.7, 154), "m2cgen": (60.1, 179)}
CLOCK = 150_000_000  # of an RP2350, whose cores are Cortex-M33


def comparison(targets: Targets) -> Iterator[str]:
    """Return the table of one forest as several projects convert it, beside what is published."""
    yield from ("### The comparison that is quoted", "")
    programs = targets[DRAWN]["programs"]
    generator = programs["loadable"]["generator"]
    yield "Of one digit: instructions on each core, how many times those of the native module, estimated time on a"
    yield f"Cortex-M33 at {CLOCK // 10**6} MHz, bytes of file and heap; behind it what is published for an ESP32."
    yield f"The last rows are the C that {generator} makes of the same forest, as nodes that a loop walks and as code,"
    yield "without MicroPython: flash and RAM of the model and a loop that calls it."
    yield ""
    head = ["", *(f"`{name}`" for name in targets), "times", "time", "file", "heap", "published", "times", "kB"]
    forms = {form: [_forest(of_target, form) for of_target in targets.values()] for form in (*PUBLISHED, "python")}
    forms |= {
        f"C without MicroPython, {method}": [of_target["programs"][method] for of_target in targets.values()]
        for method in programs
    }
    drawn = list(targets).index(DRAWN)
    native = forms["native"][drawn]["instructions"]
    rows = []
    for form, each in forms.items():
        counts = (f"{one['instructions'] / one['values']:,.0f}" if one else "–" for one in each)
        figure = each[drawn]
        seconds = figure["cycles"] / figure["values"] / CLOCK
        time, size = PUBLISHED.get(form, (0, 0))
        published = [f"{time} ms", f"{time / PUBLISHED['native'][0]:.1f}", str(size)] if time else ["–", "–", "–"]
        ours = [f"{figure['instructions'] / native:.1f}", f"{1000 * seconds:.3f} ms"]
        sizes = [f"{figure[what]:,}" for what in (("flash", "ram") if "flash" in figure else ("file", "heap"))]
        rows.append([form, *counts, *ours, *sizes, *published])
    yield from markdown(head, rows)


def _forest(of_target: Mapping[str, Any], form: str) -> Mapping[str, Any]:
    return of_target["figures"].get(f"digits_forest/digits ({form})", {})


#: The steps of the sound level meter, and the form of each that is a part of a form of the meter.
STEPS = {
    "python": (("conversion", "python"), ("weighting", "python"), ("level", "native")),
    "native": (("conversion", "native"), ("weighting", "native"), ("level", "native")),
    "@native": (("conversion", "native"), ("weighting", "native"), ("level", "@native")),
}
#: Chips, each with a target that has its core.
CHIPS = {"stm32f405": "m4-stm32", "rp2350": "m33"}


def shares(targets: Targets) -> Iterator[str]:
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


#: What docs/drivers_on_bus.py measured.
ON_BUS = Path(__file__).parent / "workloads" / "drivers-on-bus.json"


def on_bus(_targets: Targets) -> Iterator[str]:
    """Return the table of what the accelerometer's drivers do on a bus."""
    measured = json.loads(ON_BUS.read_text(encoding="utf-8"))
    yield from ("### The accelerometer on a bus", "")
    emulator = measured["emulator"]
    yield "The same drivers with `machine.I2C` on MicroPython's own image for an STM32F411 of 96 MHz, an instruction a"
    yield f"cycle ([`renode-blackpill`](../stm32.md), {emulator}). Sensor: a device in Python; bus: 320 kHz."
    yield "Milliseconds are the guest's; jitter is how much the age of the newest sample of a transfer varies."
    yield "That of a FIFO is small as 16 samples take 40 whole ticks of the port; a real sensor has its own clock, and"
    yield "is up to 1 ms off. Instructions are the driver's, a sample, with what the port does in C and in the waits."
    yield "`python -m docs.drivers_on_bus` makes this table, the same in each run."
    yield ""
    head = ["", "samples", "lost", "age", "jitter", "instructions"]
    rows = []
    for name, row in measured["figures"].items():
        age = "{:.1f} to {:.1f}".format(*(each / 1000 for each in row["age"]))
        count = f"{row['instructions'] / row['samples']:,.0f}"
        rows.append([name, str(row["samples"]), str(row["lost"]), age, f"{row['jitter'] / 1000:.2f}", count])
    yield from markdown(head, rows)
