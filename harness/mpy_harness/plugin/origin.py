"""Where a test is, by names that are the same in every checkout and on every target."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

import pytest

from mpy_harness.measurements.from_tests import Origin


class Origins:
    """Names the tests of the project at ``rootpath``: tests by their place below it, files below the repository."""

    def __init__(self, rootpath: Path) -> None:
        repository = next((each for each in (rootpath, *rootpath.parents) if (each / ".git").exists()), rootpath)
        self._below = rootpath.relative_to(repository)

    def of(self, item: pytest.Item) -> Origin:
        """Return where a test is."""
        file, line, _ = item.location
        place = PurePosixPath(file)
        if _is_outside(place):
            return Origin(_without_target(f"{place.name}::{item.name}", item), "", 0)
        names = item.nodeid.partition("::")[2]
        test = f"{place}::{names}" if names else str(place)
        return Origin(_without_target(test, item), self.file_of(file), (line or 0) + 1)

    def file_of(self, location: str) -> str:
        """Return a test's file by its place below the repository, "" for one that is elsewhere."""
        place = PurePosixPath(location)
        return "" if _is_outside(place) else (self._below / place).as_posix()


_TARGET = pytest.StashKey[str]()


def target_of(item: pytest.Item) -> str:
    """Return the name of the target that a test runs on, "" for none."""
    callspec = getattr(item, "callspec", None)
    name = callspec.params.get("mpy_target_name", "") if callspec else getattr(item, "target_name", "")
    return str(name) or item.stash.get(_TARGET, "")


def note_target(item: pytest.Item, name: str) -> None:
    """Keep which target a test runs on, where pytest did not make a test of its own for each target."""
    item.stash.setdefault(_TARGET, name)


def _is_outside(place: PurePosixPath) -> bool:
    # pytest gives a place that is not below its root as an absolute path, or with dots that lead out of it.
    return place.is_absolute() or ".." in place.parts


def _without_target(test: str, item: pytest.Item) -> str:
    # The measurement has the target: test_it[m33-native] is the same case as test_it[rv32-native].
    name, bracket, parameters = test.partition("[")
    if not bracket:
        return test
    left = re.sub(rf"(^|-){re.escape(target_of(item))}(?=-|$)", "", parameters.removesuffix("]"), count=1)
    left = left.removeprefix("-")
    return f"{name}[{left}]" if left else name
