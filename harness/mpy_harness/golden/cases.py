"""Cases: a result, its reference, a metric and a tolerance, judged and recorded."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mpy_harness.errors import Mismatch
from mpy_harness.firmware.progress import Progress
from mpy_harness.golden.metrics import Better, Evaluation, Metric, differences, metric
from mpy_harness.golden.store import SCRIPT, VectorStore
from mpy_harness.golden.vectors import Vectors

Array = NDArray[Any]
Limits = Mapping[str, float]

_FORMATS = {"float32": "f32", "float64": "f64", "int8": "q7", "int16": "q15", "int32": "q31"}
_IN_PLACE = "the function returned None: does it work in place? Then check the array that it was given"


@dataclass(frozen=True)
class CaseResult:
    """One judged check.

    ``case`` is a stable name like ``iir/a_weighting/noise``, ``form`` which form of the module ran
    (``native``, ``python`` or nothing), ``margin`` how far the value is inside its limit in ``unit``
    (negative: outside), ``index``, ``expected`` and ``got`` the worst place. ``instructions`` is what the
    guest executed for it, where that was counted, ``values`` the number of results that is shared among.
    """

    target: str
    arch: str
    case: str
    form: str
    metric: str
    value: float
    unit: str
    better: Better
    limit: float
    margin: float
    passed: bool
    index: int | None = None
    expected: float | None = None
    got: float | None = None
    note: str = ""
    instructions: int | None = None
    values: int = 0

    def __str__(self) -> str:
        what = " ".join(part for part in (self.target, self.form) if part)
        than = "at most" if self.better == "lower" else "at least"
        unit = f" {self.unit}" if self.unit else ""
        return (
            f"{self.case} ({what}): {self.metric} {self.value:.4g}{unit}, "
            f"{than} {self.limit:.4g}{unit} wanted, margin {self.margin:.4g}{unit}"
        )


class Golden:
    """What the fixture ``golden`` is: vectors of the test's folder, and checks against them.

    ``results`` are the verdicts so far; ``progress`` is told what vectors are made, ``keep`` gets the arrays of a check
    that failed.
    """

    def __init__(
        self,
        target: str,
        arch: str,
        folder: Path,
        record: Callable[[CaseResult], None] | None = None,
        counted: Callable[[], int | None] = lambda: None,
        *,
        keep: Callable[[CaseResult, Mapping[str, Array]], None] | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.target = target
        self.arch = arch
        self.folder = folder
        self._record = record
        self._counted = counted
        self._keep = keep
        self._progress = progress
        self.results: list[CaseResult] = []
        self._known: dict[tuple[str, str, str], tuple[str, bytes]] = {}

    def vectors(self, name: str) -> Vectors:
        """Return what the script ``vectors.py`` beside the test makes by that name. Raise VectorsInvalid.

        Where there is no such script, it is the file ``vectors/<name>.npz`` beside the test.
        """
        script = self.folder / SCRIPT
        if script.is_file():
            return VectorStore(script, self._progress)[name]
        return Vectors.load(self.folder / "vectors" / f"{name}.npz")

    def check(
        self,
        got: Array | Sequence[Any] | float | None,
        reference: Array | Sequence[Any] | float,
        *,
        case: str,
        metric: str | Metric,
        limit: float | None = None,
        limits: Limits | None = None,
        form: str = "",
        per: int | None = None,
        given: Array | Sequence[Any] | float | None = None,
    ) -> CaseResult:
        """Judge a result against its reference, record and return the verdict.

        The tolerance is one ``limit`` for all, or ``limits`` by target, arch, form, number format
        (``f32``, ``q15``, ... after the result's type) or ``default``; the first of these that is there counts.
        Raise Mismatch when the result is outside it, has another number of elements, or is nothing: None, or no
        element at all. A test may check a case several times, in a loop for instance: of its measurements the worst
        counts. Another reference in another place of the test is another case: raise ValueError. The regions counted
        since the check before, or for that one, are the case's instructions; they are shown per element of the
        result, or divided by ``per``, such as the samples or bins that they were for. Where the check fails, got,
        reference and the input that was ``given`` are kept in a file.
        """
        got = np.asarray(got)
        reference = np.asarray(reference)
        measure = _metric(metric)
        values = got.size if per is None else per
        if per is not None and per < 1:
            raise ValueError(f"per is how many values the instructions were for, at least 1, not {per}")
        if reference.dtype == object:
            raise TypeError(f"the reference of {case} is no array of numbers")
        caller = sys._getframe(1)  # noqa: SLF001 - the documented way to learn one frame without reading its source
        self._note_use((case, form, measure.name), f"{caller.f_code.co_filename}:{caller.f_lineno}", reference)
        result, detail = judge(
            got,
            reference,
            case=case,
            measure=measure,
            limit=limit,
            limits=limits,
            form=form,
            target=self.target,
            arch=self.arch,
        )
        result = replace(result, instructions=self._counted(), values=values)
        self.results.append(result)
        if self._record is not None:
            self._record(result)
        if not result.passed:
            if self._keep is not None:
                arrays = {"got": got, "reference": reference}
                self._keep(result, arrays if given is None else {**arrays, "input": np.asarray(given)})
            raise Mismatch(f"{result}\n{detail}")
        return result

    def _note_use(self, key: tuple[str, str, str], place: str, reference: Array) -> None:
        # One figure stands for all checks of a name, so that name has to mean one thing.
        known, what = self._known.setdefault(key, (place, reference.tobytes()))
        if known != place and what != reference.tobytes():
            raise ValueError(
                f"the case {key[0]!r} was checked against another reference at {known}: give each case its own name"
            )


_metric = metric  # the name is a parameter of check


def judge(
    got: Array,
    reference: Array,
    *,
    case: str,
    measure: Metric,
    limit: float | None = None,
    limits: Limits | None = None,
    form: str = "",
    target: str = "",
    arch: str = "",
) -> tuple[CaseResult, str]:
    """Compare, and return the verdict and a text about where the arrays differ."""
    allowed = _limit(
        limit,
        limits,
        [target, target.partition("@")[0], arch, form, _FORMATS.get(got.dtype.name, got.dtype.name), "default"],
    )
    if note := _nothing(got, reference):
        worst = np.inf if measure.better == "lower" else -np.inf
        result = CaseResult(
            target, arch, case, form, measure.name, worst, measure.unit, measure.better, allowed,
            -np.inf, passed=False, note=note,
        )  # fmt: skip
        return result, f"  {note}"
    got = got.reshape(reference.shape)
    found = measure.evaluate(got, reference)
    result = CaseResult(
        target=target,
        arch=arch,
        case=case,
        form=form,
        metric=measure.name,
        value=float(found.value),
        unit=measure.unit,
        better=measure.better,
        limit=allowed,
        margin=float(measure.margin(found.value, allowed)),
        passed=bool(measure.passes(found.value, allowed)),
        index=found.index,
        expected=found.expected,
        got=found.got,
        note=found.note,
    )
    return result, _difference(result, found, got, reference)


def _nothing(got: Array, reference: Array) -> str:
    # Why there is nothing to measure: what was never computed is never right, whatever the limit.
    if got.dtype == object:
        whole = got.ndim == 0 and got.item() is None
        return _IN_PLACE if whole else "the result holds something that is no number (None?)"
    if got.size != reference.size:
        return f"the result has {got.size} elements instead of {reference.size}"
    return "" if got.size else "result and reference have no elements: nothing was computed"


def _limit(limit: float | None, limits: Limits | None, keys: Sequence[str]) -> float:
    if limit is not None and limits is None:
        return _number(limit)
    if limits is None or limit is not None:
        raise TypeError("give either limit, one number, or limits, numbers by target, arch, form or number format")
    for key in keys:
        if key in limits:
            return _number(limits[key])
    raise ValueError(f"limits has none of {', '.join(filter(None, dict.fromkeys(keys)))}, only {', '.join(limits)}")


def _number(limit: float) -> float:
    if limit != limit:  # noqa: PLR0124 - NaN
        raise ValueError("a limit of NaN can be kept by nothing: give a number")
    return float(limit)


def _difference(result: CaseResult, found: Evaluation, got: Array, reference: Array) -> str:
    lines: list[str] = []
    if result.index is not None:
        lines.append(f"worst at index {result.index}: expected {result.expected:.9g}, got {result.got:.9g}")
    if result.note:
        lines.append(result.note)
    lines += str(found.differences or differences(got, reference)).split("\n")
    return "\n".join(f"  {line}" for line in lines)
