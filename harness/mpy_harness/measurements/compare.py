"""Compare two runs: what got better or worse, what came and went, and what else was different."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mpy_harness.measurements.comparison import Comparison, PartChange, Row, Verdict
from mpy_harness.measurements.run import Conditions, Failure, Measurement, Part, Run
from mpy_harness.measurements.thresholds import Rules, matches

#: What figures depend on besides the program, by field of Conditions.
_CONDITIONS = ("micropython", "firmware", "toolchain", "emulator")
#: Sizes of files depend on how they were built alone; what they are part of is what was measured.
_FOR_SIZES = ("micropython", "toolchain")
SIZES = frozenset(
    ("flash", "ram", "file", "text", "rodata", "data", "bss", "got", "relocations", "strings", "bytecode")
)  # fmt: skip
_NAMED = 20


def compare(base: Run, head: Run, rules: Rules | None = None, *, renewal: str = "") -> Comparison:
    """Compare a run with an earlier one by rules; without any, every change of a count or of a size matters.

    ``renewal`` is the command that makes the base anew, where that is a baseline that is kept; one that says where it
    is committed needs none.
    """
    renewal = renewal or (f"pytest --measurements {base.committed}" if base.committed else "")
    rules = rules or Rules()
    before = {each.key: each for each in base.measurements}
    after = {each.key: each for each in head.measurements}
    different = {target: _different(base, head, target) for target in sorted({key[0] for key in before | after})}
    failed = _places(head.failed)
    rows, alerts = [], []
    for key in sorted(before | after):
        row = _row(before.get(key), after.get(key), rules, different[key[0]])
        if row.verdict == "removed" and (row.measurement.target, row.measurement.file) in failed:
            row = Row(row.base, None, "missed")
        rows.append(row)
        if row.base and row.head and (why := _another_kind(row.base, row.head)):
            alerts.append(f"{' / '.join(key)}: {why}; they cannot be compared")
    gone = [row.measurement for row in rows if row.verdict == "removed"]
    alerts += _missing([each for each in gone if not any(matches(each, glob) for glob in rules.may_disappear)], head)
    if not head.measurements:
        alerts.insert(0, "no measurements found")
    unsteady = [row.measurement for row in rows if row.verdict == "unsteady"]
    return Comparison(base, head, rows, alerts, [*_reasons(base, head), *_unsteady(unsteady)], renewal)


def _row(base: Measurement | None, head: Measurement | None, rules: Rules, different: Sequence[str]) -> Row:
    if base is None or head is None:
        return Row(base, head, "removed" if head is None else "added")
    if _another_kind(base, head):
        return Row(base, head, "unlike")
    if base.value == head.value:
        return Row(base, head, "same")
    threshold = rules.threshold(base, head)
    if not threshold.exceeded(base.value, head.value):
        return Row(base, head, "same", within=threshold.text)
    if base.reads or head.reads:
        return Row(base, head, "unsteady", parts=_parts(base, head))
    depends = _FOR_SIZES if head.metric in SIZES else _CONDITIONS
    if set(different) & set(depends) and not rules.strict:
        return Row(base, head, "unlike", parts=_parts(base, head))
    verdict: Verdict = "worse" if (head.value > base.value) == (head.better == "lower") else "better"
    return Row(base, head, verdict, parts=_parts(base, head))


def _places(failed: Sequence[Failure]) -> set[tuple[str, str]]:
    """Return targets and files of which a test failed. What has no file, a module's size, may be of any test."""
    return {(each.target, file) for each in failed for file in (each.file, "")}


def _another_kind(base: Measurement, head: Measurement) -> str:
    if base.unit != head.unit:
        return f"the unit was {base.unit or 'none'}, is {head.unit or 'none'}"
    return f"{head.better} is better, {base.better} was" if base.better != head.better else ""


def _parts(base: Measurement, head: Measurement) -> list[PartChange]:
    """Return the contributors that changed, those that changed most first; none unless both sides know theirs."""
    if not base.parts or not head.parts:
        return []
    before, after = _by_name(base.parts), _by_name(head.parts)
    changes = [PartChange(*name, before.get(name, 0), after.get(name, 0)) for name in sorted(before | after)]
    return sorted((change for change in changes if change.delta), key=lambda change: -abs(change.delta))


def _by_name(parts: Sequence[Part]) -> dict[tuple[str, str], int | float]:
    values: dict[tuple[str, str], int | float] = {}
    for part in parts:
        values[part.module, part.name] = values.get((part.module, part.name), 0) + part.value
    return values


def _missing(gone: Sequence[Measurement], head: Run) -> Iterator[str]:
    targets = {each.target for each in head.measurements}
    cases: dict[tuple[str, str], list[str]] = {}
    for each in gone:
        cases.setdefault((each.target, each.case), []).append(each.metric)
    for target in sorted({target for target, _ in cases}):
        there = [case for case in cases if case[0] == target]
        if target not in targets:
            yield f"{target}: nothing was measured, {len(there):,} {'case' if len(there) == 1 else 'cases'} disappeared"
            continue
        for case in there[:_NAMED]:
            yield f"{' / '.join(case)} disappeared ({', '.join(cases[case])})"
        if len(there) > _NAMED:
            yield f"{target}: {len(there) - _NAMED:,} more cases disappeared"


def _different(base: Run, head: Run, target: str) -> list[str]:
    """Return the conditions that differ on a target: all of them where only one side tells its own."""
    before, after = base.provenance.get(target), head.provenance.get(target)
    if before is None or after is None:
        return [] if before is after else list(_CONDITIONS)
    return [name for name in _CONDITIONS if getattr(before, name) != getattr(after, name)]


def _reasons(base: Run, head: Run) -> Iterator[str]:
    if head.measurements and not base.measurements:
        yield "there is nothing to compare with: the base has no measurements"
    targets = {each.target for each in base.measurements} & {each.target for each in head.measurements}
    for target in sorted(targets):
        before, after = base.provenance.get(target), head.provenance.get(target)
        if before is None or after is None:
            if before is not after:
                yield f"{target}: with what it was measured is not known of the {'base' if before is None else 'head'}"
            continue
        for name in (*_CONDITIONS, "harness"):  # the latter should change nothing, but who knows
            if getattr(before, name) != getattr(after, name):
                yield f"{target}: {_change(name, before, after)}"
    natmods = sorted(name for name in base.natmods.keys() & head.natmods if base.natmods[name] != head.natmods[name])
    if natmods:
        yield f"native modules that are not the same: {', '.join(natmods)}"


def _unsteady(measured: Sequence[Measurement]) -> Iterator[str]:
    for each in measured[:_NAMED]:
        read = f"reads {each.reads}" if each.reads else "read the clock or random numbers before"
        yield f"{' / '.join(each.key)}: not judged, because it {read}"
    if len(measured) > _NAMED:
        yield f"{len(measured) - _NAMED:,} more that are not judged because they read the clock or random numbers"


def _change(name: str, before: Conditions, after: Conditions) -> str:
    if name == "firmware":
        return f"firmware was {before.firmware[:12]}, is {after.firmware[:12]} (SHA-256)"
    # Of versions of several programs, those that are not the same.
    old, new = getattr(before, name).split("; "), getattr(after, name).split("; ")
    gone, come = [each for each in old if each not in new], [each for each in new if each not in old]
    return f"{name} was {'; '.join(gone) or 'not there'}, is {'; '.join(come) or 'not there'}"
