"""Turn what tests found into measurements: with stable names, values that a file can hold, and contributors."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan

from mpy_harness.board.allocations import Allocations
from mpy_harness.counting import reads
from mpy_harness.counting.count import Count
from mpy_harness.firmware import guest_program
from mpy_harness.firmware.natmods import NatmodBuild
from mpy_harness.golden import CaseResult
from mpy_harness.measurements.run import Measurement, Part, plain
from mpy_harness.sizes.elf import ElfSizes
from mpy_harness.sizes.modules import TOGETHER
from mpy_harness.sizes.mpy import MpySizes
from mpy_harness.sizes.symbols import MERGED
from mpy_harness.sizes.tree import SizeTree

#: Stands for an infinite error or SNR: files hold no infinities, and no error is as large.
INFINITE = 1e300
INSTRUCTIONS = "instructions"
#: What the sizes of a native module are called, and the one that is executed.
NATMODS, CODE = "natmods/", "text"
_NAME = 300
_PARTS = 200
_SMALLER = "(smaller ones)"


@dataclass(frozen=True)
class Origin:
    """The test that measured: its name without the target's, its file below the repository, and its line."""

    test: str
    file: str
    line: int


def name_of(text: str) -> str:
    """Return a text as a name: printable, at most 300 characters, and different texts as different names."""
    name = plain(text) or "(unnamed)"
    if len(name) <= _NAME:
        return name
    return f"{name[: _NAME - 12]}…{hashlib.sha256(name.encode()).hexdigest()[:11]}"


def natmod_name(name: str, arch: str) -> str:
    """Return what a native module is called in a run's file."""
    return name_of(f"{name}/{arch}")


def of_case(result: CaseResult, counts: Sequence[Count], origin: Origin) -> list[Measurement]:
    """Return the error of a judged check and the instructions of what it judged, which ``counts`` were."""
    case = name_of(f"{result.case} ({result.form})" if result.form else result.case)
    found = Measurement(
        target=name_of(result.target),
        case=case,
        metric=name_of(result.metric),
        value=_finite(result.value),
        unit=plain(result.unit)[:40],
        better=result.better,
        limit=_finite(result.limit),
        file=origin.file,
        line=origin.line,
    )
    if not counts:
        return [found]
    counted = of_counts(counts, result.target, case, origin)
    return [found, counted.model_copy(update={"values": result.values})]


def of_counts(counts: Sequence[Count], target: str, case: str, origin: Origin, limit: int | None = None) -> Measurement:
    """Return the sum of instructions over regions, with the functions' own as parts where they are known."""
    parts: Counter[tuple[str, str]] = Counter()
    read: Counter[str] = Counter()
    for count in counts:
        read.update(count.reads)
        for cost in count.profile.functions() if count.profile else ():
            parts[cost.function.module, cost.function.name] += cost.exclusive
    return Measurement(
        target=name_of(target),
        case=name_of(case),
        metric=INSTRUCTIONS,
        value=sum(count.instructions for count in counts),
        unit=INSTRUCTIONS,
        limit=limit,
        file=origin.file,
        line=origin.line,
        parts=_largest(parts),
        reads=reads.described(read),
    )


def of_allocations(taken: Allocations, target: str, case: str, origin: Origin) -> list[Measurement]:
    """Return what was taken of heap and stack: allocations and their bytes, heap at most, stack."""
    figures = {"allocations": taken.count, "allocated": taken.bytes, "heap": taken.peak, "stack": taken.stack}
    return [
        Measurement(
            target=name_of(target),
            case=name_of(case),
            metric=metric,
            value=value,
            unit="allocations" if metric == "allocations" else "B",
            file=origin.file,
            line=origin.line,
        )
        for metric, value in figures.items()
    ]


def of_natmod(build: NatmodBuild, sizes: MpySizes, target: str) -> list[Measurement]:
    """Return the sizes of a native module: its file, and what the loader copies to RAM."""
    known = {"text": sizes.text, "rodata": sizes.rodata, "bss": sizes.bss, "ram": sizes.ram.bytes, "file": sizes.file}
    variables = {each.name: each.space for each in build.layout.variables}
    kinds = {
        CODE: {each.name for each in build.layout.functions},
        "bss": {name for name, space in variables.items() if space == "bss"},
        "rodata": {name for name, space in variables.items() if space != "bss"} | set(MERGED),
    }
    parts = {
        "ram": _symbols(sizes.ram, build.name),
        "file": _symbols(sizes.flash, build.name),
        **{space: _symbols(sizes.ram, build.name, names) for space, names in kinds.items()},
    }
    entries = {"relocations": sizes.relocations} | ({} if sizes.got is None else {"got": sizes.got})
    case = name_of(f"{NATMODS}{build.name}")
    return [
        Measurement(
            target=target,
            case=case,
            metric=metric,
            value=value,
            unit="entries" if metric in entries else "B",
            natmods=(natmod_name(build.name, build.arch),),
            parts=parts.get(metric, ()),
        )
        for metric, value in {**known, **entries}.items()
    ]


def of_program(sizes: ElfSizes, own: Mapping[str, int], target: str, origin: Origin) -> list[Measurement]:
    """Return the flash and RAM of a plain C program's whole image, and of its own sources."""
    return [
        Measurement(
            target=name_of(target),
            case=name_of(origin.test),
            metric=metric,
            value=value,
            unit="B",
            file=origin.file,
            line=origin.line,
            parts=_symbols(tree),
        )
        for tree in (sizes.flash, sizes.ram)
        for metric, value in ((tree.name, tree.bytes), (f"own {tree.name}", own[tree.name]))
    ]


def of_image(sizes: ElfSizes, target: str) -> list[Measurement]:
    """Return the flash and RAM of a firmware image, and of each module that its user added to it."""
    cases = {"firmware": (sizes.flash, sizes.ram)}
    added = [module for module in sizes.modules if module.name not in {guest_program.NAME, TOGETHER}]
    if any(module.kind == "frozen" for module in added):  # without, there are only those of our program
        added += [module for module in sizes.modules if module.name == TOGETHER]
    for module in added:
        kind = "cmodules" if module.kind == "C" else "frozen"
        cases[name_of(f"{kind}/{module.name}")] = (module.flash, module.ram)
    return [
        Measurement(target=target, case=case, metric=tree.name, value=tree.bytes, unit="B", parts=_symbols(tree))
        for case, trees in cases.items()
        for tree in trees
    ]


def worst(measurements: Iterable[Measurement]) -> list[Measurement]:
    """Return measurements sorted and each once: the worst of those with one name, in whatever order they come."""
    found: dict[tuple[str, str, str], Measurement] = {}
    for each in measurements:
        other = found.setdefault(each.key, each)
        if _badness(each) > _badness(other):
            found[each.key] = each
    return [found[key] for key in sorted(found)]


def _badness(measurement: Measurement) -> tuple[int | float, str, int]:
    sign = 1 if measurement.better == "lower" else -1
    return sign * measurement.value, measurement.file, measurement.line


def _finite(value: float) -> float:
    return INFINITE if isnan(value) else max(-INFINITE, min(INFINITE, value))


def _symbols(tree: SizeTree, module: str = "", names: Container[str] | None = None) -> tuple[Part, ...]:
    # Below a region or section come the object file and the symbol; ``names`` are of those that are wanted.
    parts: Counter[tuple[str, str]] = Counter()
    for path, size in tree.leaves():
        if names is None or path[-1] in names:
            parts[module or "/".join(path[1:-1]), path[-1]] += size
    return _largest(parts)


def _largest(parts: Counter[tuple[str, str]]) -> tuple[Part, ...]:
    """Return the largest parts; what is left is one more, so that they add up."""
    listed = [(key, value) for key, value in parts.most_common() if value]
    rest = sum(value for _, value in listed[_PARTS - 1 :]) if len(listed) > _PARTS else 0
    kept = sorted(listed[: _PARTS - 1] if rest else listed, key=lambda item: (-item[1], item[0]))
    found = [
        Part(module=name_of(module) if module else "", name=name_of(name), value=value)
        for (module, name), value in kept
    ]
    return (*found, Part(name=_SMALLER, value=rest)) if rest else tuple(found)
