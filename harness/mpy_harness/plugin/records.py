"""Collect what each test measured until its report carries it away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mpy_harness.board.allocations import Allocations
from mpy_harness.board.board import Board
from mpy_harness.counting.count import Count, regions_of
from mpy_harness.firmware.natmods import NatmodBuild
from mpy_harness.golden import CaseResult
from mpy_harness.measurements import from_tests
from mpy_harness.measurements.carried import BudgetUse, Carried, NativeModule, Region
from mpy_harness.measurements.part_times import of_parts
from mpy_harness.measurements.run import Failure, Measurement
from mpy_harness.plugin.budgets import Limit
from mpy_harness.plugin.costs import Figure
from mpy_harness.plugin.origin import Origins, target_of
from mpy_harness.programs.program import CProgram
from mpy_harness.sizes.mpy import read_mpy
from mpy_harness.targets import Part


@dataclass
class _Collected:
    # What one test measured so far. ``of_regions`` is apart: it is worth nothing if the test did not come to its end.
    # ``modules`` are those whose sizes it carries, ``properties`` what its JUnit report had before.
    carried: Carried = field(default_factory=Carried)
    of_regions: list[Measurement] = field(default_factory=list)
    modules: set[tuple[str, Path]] = field(default_factory=set)
    properties: list[tuple[str, object]] = field(default_factory=list)


_COLLECTED = pytest.StashKey[_Collected]()


class Records:
    """What the tests of one process measured, each kept with its test."""

    def __init__(self, rootpath: Path, parts: Mapping[str, Sequence[Part]] | None = None) -> None:
        self._parts = parts or {}  # of each target, those that time is told of
        self.origins = Origins(rootpath)
        self._modules: set[tuple[str, Path]] = set()

    def begin(self, item: pytest.Item) -> None:
        """Begin an attempt at a test: of an earlier one nothing is left."""
        attempt = 1
        if (earlier := item.stash.get(_COLLECTED, None)) is not None:
            attempt = earlier.carried.attempt + 1
            self._modules -= earlier.modules
            item.user_properties[:] = earlier.properties
        item.stash[_COLLECTED] = _Collected(Carried(attempt=attempt), properties=list(item.user_properties))

    def case(self, item: pytest.Item, result: CaseResult, counts: Sequence[Count]) -> None:
        """Keep a judged check and the instructions of what it judged, which are the regions ``counts``."""
        carried = _collected(item).carried
        carried.cases.append(result)
        # An infinite error says that something else was computed: no figure to compare with later.
        if result.passed or abs(result.value) < from_tests.INFINITE:
            found = from_tests.of_case(result, counts, self.origins.of(item))
            carried.measurements += found
            if counts:
                carried.measurements += of_parts(counts, self._parts.get(result.target, ()), found[-1])

    def board(self, item: pytest.Item, board: Board) -> None:
        """Keep the named regions that a board counted and watched; those without a name are only for the test."""
        self.regions(item, board.counts, board.target.name)
        self.allocations(item, [taken for taken in board.allocated if taken.name], board.target.name)

    def regions(self, item: pytest.Item, counts: Iterable[Count], target: str) -> None:
        """Keep named regions and those inside of them; in the run's file, those of one name are one."""
        collected, origin = _collected(item), self.origins.of(item)
        named: dict[str, list[Count]] = {}
        for count in regions_of(counts):
            if count.name:
                named.setdefault(count.name, []).append(count)
                region = Region(test=item.name, target=target, name=count.name, instructions=count.instructions)
                collected.carried.regions.append(region)
        for name, same in named.items():
            taken = from_tests.of_counts(same, target, f"{origin.test}: {name}", origin)
            collected.of_regions += [taken, *of_parts(same, self._parts.get(target, ()), taken)]

    def whole(self, item: pytest.Item, count: Count | None, allocations: Allocations | None) -> None:
        """Keep what a test took in all, of what was measured."""
        if count is not None:
            origin = self.origins.of(item)
            target = target_of(item)
            taken = from_tests.of_counts([count], target, origin.test, origin)
            _collected(item).of_regions += [taken, *of_parts([count], self._parts.get(target, ()), taken)]
        if allocations is not None:
            self.allocations(item, [allocations], target_of(item))

    def allocations(self, item: pytest.Item, regions: Iterable[Allocations], target: str) -> None:
        """Keep what was taken of heap and stack, of the whole test where a region has no name; one name is one."""
        named: dict[str, Allocations] = {}
        for region in regions:
            named[region.name] = named[region.name].plus(region) if region.name in named else region
        origin = self.origins.of(item)
        for name, taken in named.items():
            case = f"{origin.test}: {name}" if name else origin.test
            _collected(item).of_regions += from_tests.of_allocations(taken, target, case, origin)

    def natmod(self, item: pytest.Item, build: NatmodBuild, target: str) -> None:
        """Keep that a test depends on a native module, and once in a process what the module's sizes are."""
        carried = _collected(item).carried
        sha256 = build.provenance.file_sha256
        carried.modules.append(NativeModule(name=build.name, arch=build.arch, sha256=sha256, sizes=build.sizes))
        known = target, build.path
        if known not in self._modules:
            self._modules.add(known)
            _collected(item).modules.add(known)
            carried.measurements += from_tests.of_natmod(build, read_mpy(build), target)

    def program(self, item: pytest.Item, program: CProgram) -> None:
        """Keep what the sources of a plain C program take of flash and RAM, and the regions of its runs."""
        target = program.program.target.name
        figures = from_tests.of_program(program.sizes, program.own, target, self.origins.of(item))
        _collected(item).carried.measurements += figures
        self.regions(item, [run.count for run in program.ran if run.count], target)

    def budgets(self, item: pytest.Item, figures: Iterable[tuple[Limit, Figure]]) -> None:
        """Keep what a test used of its budgets."""
        _collected(item).carried.budgets += [
            BudgetUse(
                test=item.name, target=target_of(item), region=limit.region or "", metric=limit.metric,
                used=figure.value, limit=limit.value, unit=figure.unit,
            )
            for limit, figure in figures
        ]  # fmt: skip

    def missing(self, item: pytest.Item, reason: str) -> None:
        """Keep that a test is skipped for want of a tool."""
        _collected(item).carried.missing.append(reason)

    def failure(self, item: pytest.Item) -> Failure:
        """Return which test failed, for the run's file."""
        origin = self.origins.of(item)
        return Failure(target=target_of(item), test=from_tests.name_of(origin.test), file=origin.file)

    def nothing(self, item: pytest.Item) -> Carried:
        """Return what a report carries that is not the last one of its attempt."""
        return Carried(attempt=_collected(item).carried.attempt)

    def interrupted(self, item: pytest.Item) -> None:
        """Forget what was measured of regions that a test did not complete."""
        _collected(item).of_regions.clear()

    def finish(self, item: pytest.Item) -> Carried:
        """Return all that a test measured, of measurements of one name the worst.

        Its JUnit properties get a line for each measurement.
        """
        collected = _collected(item)
        carried = collected.carried
        natmods = tuple(sorted({from_tests.natmod_name(module.name, module.arch) for module in carried.modules}))
        carried.measurements = [
            each if each.natmods else each.model_copy(update={"natmods": natmods})
            for each in from_tests.worst([*carried.measurements, *collected.of_regions])
        ]
        for each in carried.measurements:
            unit = f" {each.unit}" if each.unit not in {"", each.metric} else ""
            item.user_properties.append((f"{each.target}: {each.case}: {each.metric}{unit}", each.value))
        return carried


def _collected(item: pytest.Item) -> _Collected:
    return item.stash.setdefault(_COLLECTED, _Collected())
