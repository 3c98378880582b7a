"""Measure the workloads of an area on several cores, and write its page: docs/workloads/<area>.json, .md and .svg.

python -m docs.measure_workloads conversions          measure on all targets, then write the page
python -m docs.measure_workloads conversions m33      only on these; of the others is kept what was measured before
python -m docs.measure_workloads conversions ring     only this workload; of the others is kept as well
python -m docs.measure_workloads conversions --page   write the page again from what was measured
python -m docs.measure_workloads all m0               measure all areas, here on one target
python -m docs.measure_workloads all --page           write all pages again
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import tempfile
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from docs import forest_in_c, workload_pages
from mpy_harness import machines
from mpy_harness.board.board import Board
from mpy_harness.board.natmod_loader import ModuleLoader
from mpy_harness.board.pool import BoardPool
from mpy_harness.costs import cycles
from mpy_harness.counting.count import Count
from mpy_harness.firmware import toolchain
from mpy_harness.golden import CaseResult, Golden
from mpy_harness.plugin.markers import CountsSinceLastCheck
from mpy_harness.targets import Target, load_target
from mpy_harness.workloads import Case, Form, Guest, Workload

#: One of each core, from the least to the one that can most.
TARGETS = ("m0", "m3", "m4", "m4-stm32", "m33", "m7", "rv32")
#: What an area compares with that is plain C without MicroPython.
PROGRAMS = {"classifiers": forest_in_c.measure}

NOTHING: Mapping[str, Any] = {"figures": {}, "skipped": {}}


def workloads(area: str) -> Iterator[Workload]:
    """Return the workloads of an area, in the order in which its page has them."""
    for place in workload_pages.AREAS[area].workloads:
        module = importlib.import_module(f"cases.{place.replace('/', '.')}.workload")
        yield from (
            each()
            for each in vars(module).values()
            if isinstance(each, type) and issubclass(each, Workload) and each.__module__ == module.__name__
        )


def measure(
    area: str, target: Target, pool: BoardPool, only: Collection[str] = (), before: Mapping[str, Any] = NOTHING
) -> dict[str, Any]:
    """Return what the cases of an area take on a target, and why some do not run there.

    If workloads are named, ``only`` these are measured; of the others is taken what was measured ``before``.
    """
    figures: dict[str, Any] = {}
    skipped: dict[str, str] = {}
    for workload in workloads(area):
        forms = workload.forms()
        for case in workload.cases():
            for form in case.forms or forms:
                name = f"{workload.name}/{case.name}" + (f" ({form})" if form else "")
                if only and workload.name not in only:
                    figures |= {name: before["figures"][name]} if name in before["figures"] else {}
                    skipped |= {name: before["skipped"][name]} if name in before["skipped"] else {}
                    continue
                try:
                    figures[name] = _measured(workload, case, forms[form], pool.board(target, mode="classes"))
                except pytest.skip.Exception as reason:
                    skipped[name] = str(reason)
    made = {
        "core": target.core,
        "clock": target.cycles.clock if target.cycles else 0,
        "mix": mixed_cycles(target),
        "firmware": pool.firmware(target).provenance.image_sha256,
        "toolchain": tools(target),
        "emulator": machines.kind_of(target).version(),
    }
    if only and (others := [what for what, value in made.items() if before.get(what) != value]):
        sys.exit(f"{target.name} was measured with other values of {', '.join(others)}: measure all workloads on it")
    programs = {"programs": PROGRAMS[area](target)} if area in PROGRAMS else {}
    return {**made, **programs, "figures": figures, "skipped": skipped}


def mixed_cycles(target: Target) -> float:
    """Return what the target's cycle model makes of a mix of all instructions: its mark of identity."""
    if target.cycles is None:
        return 0.0
    names = (target.cycles.costs.keys() - cycles.WORDS) | {*cycles.BESIDE}
    mix = {name: 1000 + zlib.crc32(name.encode()) % 1000 for name in names}
    return round(cycles.estimate(mix, target.cycles).cycles, 1)


def tools(target: Target) -> str:
    """Return the versions of what compiles for a target."""
    facts = toolchain.toolchain(toolchain.cross_prefix(target.natmod.arch), target.tools).facts()
    return "; ".join(dict.fromkeys(version for tool, version in facts.items() if tool != "make"))


def _measured(workload: Workload, case: Case, form: Form, board: Board) -> dict[str, Any]:
    board.forget()  # what cases before this one were
    since = CountsSinceLastCheck(lambda: board)
    results: list[tuple[CaseResult, list[Count]]] = []
    target = board.target
    golden = Golden(
        target.name,
        target.natmod.arch,
        workload.folder(),
        lambda result: results.append((result, since.counts)),
        since,
    )
    name = f"{workload.natmod or workload.folder().name}_form"
    workload.run_case(case, Guest(board, form, ModuleLoader(board), name), golden)
    first, counts = results[0]
    found: dict[str, Any] = {"instructions": first.instructions, "values": first.values}
    # Rounded: the last digits of a limit that is computed differ between hosts.
    found["check"] = [first.metric, float(f"{first.value:.3g}"), float(f"{first.limit:.6g}")]
    # What a check measures in bytes is a figure of its own: sizes of files, what a model takes when it is loaded.
    found |= {each.case.rpartition("/")[2]: round(each.value) for each, _ in results if each.metric == "bytes"}
    if target.cycles and counts:
        total = Count("")
        for count in counts:
            total.add(count)
        found["cycles"] = round(total.estimate(target.cycles).cycles)
    if board.allocated:
        taken = board.allocated[-1]
        found |= {"allocations": taken.count, "allocated": taken.bytes, "most": taken.peak}
    return found


def main() -> None:
    """Measure what is asked for, or all areas one after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("area", choices=["all", *workload_pages.AREAS], nargs="?", default="all")
    parser.add_argument("names", nargs="*", metavar="TARGET|WORKLOAD", help="what is measured, in place of all")
    parser.add_argument("--page", action="store_true", help="measure nothing, write the page of what was measured")
    options = parser.parse_args()
    areas = list(workload_pages.AREAS) if options.area == "all" else [options.area]
    for name in options.names:
        if name not in TARGETS and not any(name == each.name for area in areas for each in workloads(area)):
            parser.error(f"{name} is neither a target ({', '.join(TARGETS)}) nor a workload of {options.area}")
    for area in areas:
        if options.page:
            workload_pages.write(area, _write(area, _known(area)))
        else:
            make(area, options.names)


def make(area: str, asked: Sequence[str]) -> None:
    """Measure an area, and write what follows from it: after each target, as all take a while."""
    known = _known(area) if asked else {}
    only = {each.name for each in workloads(area)} & set(asked)
    targets = [name for name in asked if name in TARGETS]
    if asked and not only and not targets:  # workloads of other areas
        return
    with tempfile.TemporaryDirectory() as logs:
        pool = BoardPool(Path(logs), timeout=120)
        try:
            for name in targets or TARGETS:
                known[name] = measure(area, load_target(name), pool, only, known.get(name, NOTHING))
                _write(area, known)
        finally:
            pool.close()
    workload_pages.write(area, _write(area, known))


def _known(area: str) -> dict[str, Any]:
    file = workload_pages.data_file(area)
    known: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return known


def _write(area: str, known: dict[str, Any]) -> dict[str, Any]:
    targets = {name: known[name] for name in TARGETS if name in known}
    workload_pages.data_file(area).write_text(workload_pages.written(targets), encoding="utf-8")
    return targets


if __name__ == "__main__":
    main()
