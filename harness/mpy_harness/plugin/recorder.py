"""What tests measure, kept until their reports carry it to where the run is told of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import pytest

from mpy_harness.board.allocations import Allocations
from mpy_harness.counting.count import Count
from mpy_harness.firmware.natmods import NatmodBuild
from mpy_harness.golden import CaseResult
from mpy_harness.measurements import from_tests
from mpy_harness.measurements.from_tests import Origin
from mpy_harness.measurements.run import Measurement
from mpy_harness.plugin.markers import regions_of
from mpy_harness.programs.program import CProgram
from mpy_harness.sizes.mpy import read_mpy

_FOUND = pytest.StashKey["_Found"]()


@dataclass
class _Found:
    # What one test measured: ``regions`` are worth nothing if the test did not come to its end.
    figures: list[Measurement] = field(default_factory=list)
    regions: list[Measurement] = field(default_factory=list)
    natmods: dict[str, str] = field(default_factory=dict)


class Recorder:
    """Turns what the tests of a process find into measurements."""

    def __init__(self, rootpath: Path) -> None:
        repository = next((each for each in (rootpath, *rootpath.parents) if (each / ".git").exists()), rootpath)
        self._below = rootpath.relative_to(repository)
        self._modules: set[tuple[str, Path]] = set()

    def case(self, item: pytest.Item, result: CaseResult, counts: Sequence[Count]) -> None:
        """Keep a judged check, unless it failed so badly that its error is infinite: it computed something else."""
        if result.passed or abs(result.value) < from_tests.INFINITE:
            _found(item).figures += from_tests.of_case(result, counts, self.origin(item))

    def regions(self, item: pytest.Item, counts: Iterable[Count]) -> None:
        """Keep named regions; those of one name in a test are one."""
        named: dict[str, list[Count]] = {}
        for count in counts:
            if count.name:
                named.setdefault(count.name, []).append(count)
        origin = self.origin(item)
        for name, same in named.items():
            case = f"{origin.test}: {name}"
            _found(item).regions.append(from_tests.of_counts(same, target_of(item), case, origin))

    def whole(self, item: pytest.Item, count: Count) -> None:
        """Keep what the test ran in all."""
        origin = self.origin(item)
        _found(item).regions.append(from_tests.of_counts([count], target_of(item), origin.test, origin))

    def allocations(self, item: pytest.Item, regions: Iterable[Allocations]) -> None:
        """Keep what was taken of heap and stack, of the whole test where a region has no name; one name is one."""
        named: dict[str, Allocations] = {}
        for region in regions:
            named[region.name] = named[region.name].plus(region) if region.name in named else region
        origin = self.origin(item)
        for name, taken in named.items():
            case = f"{origin.test}: {name}" if name else origin.test
            _found(item).regions += from_tests.of_allocations(taken, target_of(item), case, origin)

    def natmod(self, item: pytest.Item, build: NatmodBuild) -> None:
        """Keep that a test depends on a native module, and once in a process its sizes."""
        found = _found(item)
        found.natmods[from_tests.name_of(f"{build.name}/{build.arch}")] = build.provenance.file_sha256
        known = target_of(item), build.path
        if known not in self._modules:
            self._modules.add(known)
            found.figures += from_tests.of_natmod(build, read_mpy(build), target_of(item))

    def program(self, item: pytest.Item, program: CProgram) -> None:
        """Keep what the sources of a plain C program take of flash and RAM, and the regions of its runs."""
        origin = self.origin(item)
        target = program.program.target.name
        _found(item).figures += from_tests.of_program(program.sizes, program.own, target, origin)
        self.regions(item, regions_of([run.count for run in program.ran if run.count]))

    def measured(self, item: pytest.Item, measurements: Iterable[Measurement]) -> None:
        """Keep other figures of a test."""
        _found(item).figures += measurements

    def interrupted(self, item: pytest.Item) -> None:
        """Forget regions that a test did not complete."""
        _found(item).regions.clear()

    def finish(self, item: pytest.Item) -> tuple[list[Measurement], dict[str, str]]:
        """Return what a test measured and the SHA-256 of the native modules it used.

        Its JUnit properties get a line for each measurement.
        """
        found = item.stash.get(_FOUND, _Found())
        natmods = tuple(sorted(found.natmods))
        figures = [
            each if each.natmods else each.model_copy(update={"natmods": natmods})
            for each in from_tests.worst([*found.figures, *found.regions])
        ]
        for each in figures:
            unit = f" {each.unit}" if each.unit not in {"", each.metric} else ""
            item.user_properties.append((f"{each.target}: {each.case}: {each.metric}{unit}", each.value))
        return figures, found.natmods

    def origin(self, item: pytest.Item) -> Origin:
        """Return where a test is, by names that are the same in every checkout and on every target."""
        file, line, _ = item.location
        place = PurePosixPath(file)
        if place.is_absolute() or ".." in place.parts:  # outside of what was asked for
            return Origin(_without_target(f"{place.name}::{item.name}", item), "", 0)
        names = item.nodeid.partition("::")[2]
        test = f"{place}::{names}" if names else str(place)
        return Origin(_without_target(test, item), self.file_of(file), (line or 0) + 1)

    def file_of(self, location: str) -> str:
        """Return a test's file by its place below the repository, "" for one that is elsewhere."""
        place = PurePosixPath(location)
        return "" if place.is_absolute() or ".." in place.parts else (self._below / place).as_posix()


def target_of(item: pytest.Item) -> str:
    """Return the name of the target that a test runs on, "" for none."""
    callspec = getattr(item, "callspec", None)
    name = callspec.params.get("mpy_target_name", "") if callspec else getattr(item, "target_name", "")
    return str(name)


def _without_target(test: str, item: pytest.Item) -> str:
    # The measurement has the target: test_it[m33-native] is the same case as test_it[rv32-native].
    name, bracket, parameters = test.partition("[")
    if not bracket:
        return test
    left = re.sub(rf"(^|-){re.escape(target_of(item))}(?=-|$)", "", parameters.removesuffix("]"), count=1)
    left = left.removeprefix("-")
    return f"{name}[{left}]" if left else name


def _found(item: pytest.Item) -> _Found:
    return item.stash.setdefault(_FOUND, _Found())
