"""The command ``doctor``: what is there, which version, what is missing and how to get it."""

from __future__ import annotations

import importlib.metadata
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import typer

from mpy_harness import machines, targets
from mpy_harness.cli.options import AsJson
from mpy_harness.cli.readiness import readiness, said_once, target_lines, targets_as_data
from mpy_harness.cli.status import NOT_READY
from mpy_harness.errors import HarnessError
from mpy_harness.firmware import cache, toolchain
from mpy_harness.firmware.mpy_cross import mpy_cross
from mpy_harness.firmware.sources import cached_source
from mpy_harness.reports.figures import plural
from mpy_harness.reports.table import aligned

OLDEST_PYTHON = (3, 10)

# What needs an optional package, by its distribution name.
_OPTIONAL = {
    "scipy": "filter references of the cases",
    "scikit-learn": "classifier references of the cases",
    "emlearn": "tree models of the cases",
    "pytest-xdist": "tests in parallel (pytest -n)",
}


class State(Enum):
    """How a thing is: ``OPTIONAL`` is missing without harm."""

    OK = "ok"
    MISSING = "missing"
    OPTIONAL = "optional"


@dataclass(frozen=True)
class Finding:
    """One line of the report: what was looked at, how it is, and what to do about it."""

    name: str
    state: State
    detail: str
    remedy: str = ""


_SIGNS = {State.OK: "ok", State.MISSING: "missing", State.OPTIONAL: "-"}
_COLORS = {State.OK: typer.colors.GREEN, State.MISSING: typer.colors.RED, State.OPTIONAL: None}


def command(*, as_json: AsJson = False) -> None:
    """Show what is there, what is missing and how to get it; status 0 if the default target is usable."""
    found, states = list(findings()), [readiness(name) for name in targets.available()]
    usable = any(state.usable for state in states if state.name == targets.DEFAULT_TARGET)
    if as_json:
        things = [
            {"name": each.name, "state": each.state.value, "detail": each.detail, "remedy": each.remedy}
            for each in found
        ]
        print(json.dumps({"usable": usable, "found": things, "targets": targets_as_data(states)}, indent=1))
        raise typer.Exit(0 if usable else NOT_READY)
    headline, *lines = aligned(
        [["", "what", "found"], *([_SIGNS[each.state], each.name, each.detail] for each in found)]
    )
    typer.echo(headline)
    for finding, line in zip(found, lines, strict=True):
        sign = _SIGNS[finding.state]
        typer.echo(typer.style(sign, fg=_COLORS[finding.state]) + line.removeprefix(sign))
    remedies = [(finding.name, finding.remedy) for finding in found if finding.remedy]
    # What a target wants is said of its emulator or tools: once is enough.
    typer.echo("\n".join(["", *target_lines(states, " ".join(remedy for _, remedy in remedies))]))
    typer.echo(f"\n{plural(_cached_images(), 'firmware image')} in the cache.")
    for line in said_once(remedies):
        typer.echo(line)
    raise typer.Exit(0 if usable else NOT_READY)


def findings() -> Iterator[Finding]:
    """Yield what this machine has for all targets together."""
    yield _python()
    known = [target for name in targets.available() if (target := _load(name)) is not None]
    for name, target in sorted({machines.kind_of(target).name: target for target in known}.items()):
        yield _emulator(name, target)
        yield from _counting(name, target)
    default = _load(targets.DEFAULT_TARGET)
    for prefix in sorted({target.cross for target in known if target.is_built or target.is_plain}):
        # The others are what the default target can do without.
        absent = State.MISSING if default is None or prefix == default.cross else State.OPTIONAL
        yield _program(f"{prefix}gcc", absent)
        yield _program(f"{prefix}ld", absent)
    yield _program("make", State.MISSING)
    for version in sorted({target.tools for target in known if not target.is_plain}):
        yield _mpy_cross(version)
        yield _source(version)
    for package, purpose in _OPTIONAL.items():
        yield _package(package, purpose)
    yield _cache()


def _load(name: str) -> targets.Target | None:
    try:
        target = targets.load_target(name)
        machines.kind_of(target)
    except HarnessError:
        return None  # readiness() says what is wrong with it
    return target


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST_PYTHON:
        return Finding("python", State.MISSING, version, "Python 3.10 or newer is needed")
    return Finding("python", State.OK, f"{version}, {sys.executable}")


def _emulator(name: str, target: targets.Target) -> Finding:
    try:
        return Finding(name, State.OK, machines.kind_of(target).version())
    except HarnessError as error:
        # What the default target needs is missing; the others can do without.
        default = _load(targets.DEFAULT_TARGET)
        state = State.MISSING if default is None or name == machines.kind_of(default).name else State.OPTIONAL
        return Finding(name, state, "too old" if _is_there(target) else "not found", str(error))


def _counting(emulator: str, target: targets.Target) -> Iterator[Finding]:
    if not _is_there(target) or not machines.kind_of(target).modes:  # what never counts misses nothing
        return
    name = f"counting in {emulator.rpartition('-')[2]}"
    try:
        yield Finding(name, State.OK, machines.kind_of(target).describe_counting())
    except HarnessError as error:
        yield Finding(name, State.OPTIONAL, "not possible", str(error))


def _is_there(target: targets.Target) -> bool:
    try:
        return bool(machines.kind_of(target).find())
    except HarnessError:
        return False


def _program(program: str, absent: State) -> Finding:
    try:
        return Finding(program, State.OK, toolchain.version(toolchain.find(program, "building firmware")))
    except HarnessError as error:
        return Finding(program, absent, "not found", str(error))


def _mpy_cross(version: str) -> Finding:
    try:
        binary = mpy_cross(version)
    except HarnessError as error:
        return Finding("mpy-cross", State.MISSING, "not usable", str(error))
    return Finding("mpy-cross", State.OK, toolchain.version(binary))


def _source(version: str) -> Finding:
    name = f"MicroPython {version}"
    try:
        source = cached_source(version)
    except HarnessError as error:
        return Finding(name, State.MISSING, "not known", str(error))
    if source is None:
        return Finding(name, State.OPTIONAL, "source is fetched on first use")
    return Finding(name, State.OK, source.origin.partition(" (")[0])


def _cache() -> Finding:
    try:
        root = cache.cache_root()
    except HarnessError as error:
        return Finding("cache", State.MISSING, "not usable", str(error))
    there = next((folder for folder in (root, *root.parents) if folder.exists()), root)
    if not (there.is_dir() and os.access(there, os.W_OK)):
        remedy = f"set {cache.ENVIRONMENT} to a folder you may write to; what is in this one can be used"
        return Finding("cache", State.MISSING, f"{root} cannot be written", remedy)
    return Finding("cache", State.OK, f"{root} ({'in use' if root.is_dir() else 'empty'})")


def _package(package: str, purpose: str) -> Finding:
    try:
        return Finding(package, State.OK, importlib.metadata.version(package))
    except importlib.metadata.PackageNotFoundError:
        wanted = package if package == "pytest-xdist" else "'mpy-harness[cases]'"
        remedy = f"for {purpose}: pip install {wanted}"
        return Finding(package, State.OPTIONAL, "not installed", remedy)


def _cached_images() -> int:
    # Images of earlier sources and tools are kept too.
    try:
        root = cache.cache_root()
    except HarnessError:
        return 0
    return sum(path.is_dir() for kind in ("firmware", "published") for path in (root / kind).glob("[!.]*"))
