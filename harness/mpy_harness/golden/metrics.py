"""How far a result is from its reference, in one number with a unit.

A metric looks at two arrays of one shape. The reference is exact or as good as exact (float64, or
integers); the result has the type that the target computed. NaN is right where the reference is NaN, an
infinity where the reference has the same; anywhere else they are an infinite error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Better = Literal["lower", "higher"]


#: How many of the places that differ are kept.
SHOWN = 5


@dataclass(frozen=True)
class Difference:
    """A place where result and reference differ: a flat index, and the two values there."""

    index: int
    expected: Any
    got: Any


@dataclass(frozen=True)
class Differences:
    """How many of ``total`` things differ, and the worst of them first; ``things`` says what they are."""

    count: int
    total: int
    worst: tuple[Difference, ...] = ()
    things: str = "elements"

    def __str__(self) -> str:
        lines = [f"{self.count} of {self.total} {self.things} differ" + (", the worst first:" if self.worst else "")]
        lines += [f"  [{each.index}] expected {_text(each.expected)}, got {_text(each.got)}" for each in self.worst]
        return "\n".join(lines)


@dataclass(frozen=True)
class Evaluation:
    """What a metric found: its value and the worst place.

    ``index`` is a flat index into the compared arrays (None when nothing differs), ``expected`` and
    ``got`` what is there, ``note`` a second figure worth showing. ``differences`` are the worst places; a metric of
    your own may leave them out, then they are those of ``max_abs``.
    """

    value: float
    index: int | None = None
    expected: float | None = None
    got: float | None = None
    note: str = ""
    differences: Differences | None = None


@dataclass(frozen=True)
class Metric:
    """A named way to compare: unit, which direction is better, and the function."""

    name: str
    unit: str
    better: Better
    function: Callable[[Array, Array], Evaluation]

    def evaluate(self, got: Array, reference: Array) -> Evaluation:
        """Compare two arrays of one shape."""
        # Whatever NumPy is set to elsewhere in the process (emlearn sets it to raise), NaN and
        # infinities are values here.
        with np.errstate(all="ignore"):
            return self.function(got, reference)

    def passes(self, value: float, limit: float) -> bool:
        """Say whether a value keeps its limit; NaN never does."""
        return value <= limit if self.better == "lower" else value >= limit

    def margin(self, value: float, limit: float) -> float:
        """Return how far a value is inside its limit, negative outside, in the metric's unit."""
        if value == limit:
            return 0.0  # also for infinities
        return limit - value if self.better == "lower" else value - limit


def _wide(array: Array) -> Array:
    return array.astype(np.complex128 if np.iscomplexobj(array) else np.float64)


def _errors(got: Array, reference: Array) -> NDArray[np.float64]:
    """Return the absolute difference of each pair, 0 for the same NaN or infinity."""
    a, b = _wide(got).ravel(), _wide(reference).ravel()
    error: NDArray[np.float64] = np.abs(a - b)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    error[same] = 0.0
    error[np.isnan(error)] = np.inf
    return error


def _scalar(value: Any) -> float:
    return float(abs(value)) if np.iscomplexobj(value) else float(value)


def _text(value: Any) -> str:
    return f"{value:.9g}" if isinstance(value, np.inexact) else str(value)


def differences(
    got: Array, reference: Array, errors: NDArray[np.float64] | None = None, things: str = "elements"
) -> Differences:
    """Return where two arrays of one shape differ most, by ``errors`` or else by the absolute difference."""
    if errors is None:
        with np.errstate(all="ignore"):
            errors = _errors(got, reference)
    a, b = got.ravel(), reference.ravel()
    order = np.argsort(-errors, kind="stable")[:SHOWN]  # of equals the first
    worst = tuple(Difference(int(at), b[at], a[at]) for at in order if errors[at] > 0)
    return Differences(int(np.count_nonzero(errors)), errors.size, worst, things)


def _at(
    value: float,
    got: Array,
    reference: Array,
    errors: NDArray[np.float64],
    note: str = "",
    *,
    things: str = "elements",
) -> Evaluation:
    found = differences(got, reference, errors, things)
    if not found.worst:
        return Evaluation(value, note=note, differences=found)
    first = found.worst[0]
    return Evaluation(value, first.index, _scalar(first.expected), _scalar(first.got), note, found)


def _finite_energy(reference: Array) -> float:
    values = _wide(reference).ravel()
    values = values[np.isfinite(values)]
    return float(np.sum(np.abs(values) ** 2))


def _max_abs(got: Array, reference: Array) -> Evaluation:
    errors = _errors(got, reference)
    return _at(float(errors.max(initial=0.0)), got, reference, errors)


def _rel_l2(got: Array, reference: Array) -> Evaluation:
    errors = _errors(got, reference)
    wrong, energy = float(np.sum(errors**2)), _finite_energy(reference)
    value = 0.0 if wrong == 0 else np.inf if energy == 0 else float(np.sqrt(wrong / energy))
    return _at(value, got, reference, errors)


def _snr_db(got: Array, reference: Array) -> Evaluation:
    errors = _errors(got, reference)
    wrong, energy = float(np.sum(errors**2)), _finite_energy(reference)
    if wrong == 0:
        value = np.inf
    elif energy == 0 or wrong == np.inf:
        value = -np.inf
    else:
        value = 10 * float(np.log10(energy / wrong))
    return _at(value, got, reference, errors)


def _ulp(got: Array, reference: Array) -> Evaluation:
    if not np.issubdtype(got.dtype, np.floating):
        raise TypeError(f"ulp compares floating-point results, this one is {got.dtype}; use lsb or exact")
    nearest = np.abs(reference.astype(got.dtype)).ravel()
    half = got.dtype.type(np.finfo(got.dtype).max / 2)
    # np.spacing looks upwards, where the greatest number has no neighbour; NaN and infinities count as such
    steps = np.where(nearest <= half, np.spacing(np.minimum(nearest, half)), 2 * np.spacing(half))
    errors = _errors(got, reference) / steps.astype(np.float64)
    return _at(float(errors.max(initial=0.0)), got, reference, errors)


def _lsb(got: Array, reference: Array) -> Evaluation:
    if not np.issubdtype(got.dtype, np.integer):
        raise TypeError(f"lsb compares integer results, this one is {got.dtype}; use ulp")
    errors = _errors(got, reference)
    return _at(float(errors.max(initial=0.0)), got, reference, errors)


def _exact(got: Array, reference: Array) -> Evaluation:
    a, b = got.ravel(), reference.ravel()
    same = a == b
    if np.issubdtype(a.dtype, np.floating) and np.issubdtype(b.dtype, np.floating):
        same = (same & (np.signbit(a) == np.signbit(b))) | (np.isnan(a) & np.isnan(b))
    different = (~same).astype(np.float64)
    return _at(float(different.sum()), got, reference, different)


def _argmax(got: Array, reference: Array) -> Evaluation:
    if got.ndim != 2:
        raise TypeError("argmax compares one row of class probabilities a sample: two-dimensional arrays")
    ours, theirs = got.argmax(axis=1), reference.argmax(axis=1)
    wrong = (ours != theirs) | np.isnan(got).any(axis=1)
    note = f"max |Δp| {_max_abs(got, reference).value:.3g}"
    return _at(float(wrong.sum()), ours, theirs, wrong.astype(np.float64), note, things="samples")


def frequency_response_db(floor_db: float = -80.0, points: int = 4096) -> Metric:
    """Make the metric that compares impulse responses by their gain over frequency, in dB.

    The value is the greatest difference in dB over ``points`` frequencies from 0 to half the sampling
    rate, where the reference is above ``floor_db`` relative to its own maximum; index counts these
    frequencies. Responses have to have died out by their end.
    """

    def evaluate(got: Array, reference: Array) -> Evaluation:
        if not np.isfinite(got).all():
            return Evaluation(np.inf, note="the response is not finite")
        length = max(2 * (points - 1), reference.size)
        ours, theirs = (np.abs(np.fft.rfft(_wide(h).ravel(), length)) for h in (got, reference))
        audible = theirs > theirs.max(initial=0.0) * 10 ** (floor_db / 20)
        if not audible.any():
            raise ValueError("the reference response is silent: there is no gain to compare")
        tiny = np.finfo(np.float64).tiny
        gain, wanted = (20 * np.log10(np.maximum(h, tiny)) for h in (ours, theirs))
        errors = np.where(audible, np.abs(gain - wanted), 0.0)
        note = "index is the frequency bin, values in dB"
        return _at(float(errors.max()), gain, wanted, errors, note, things="frequencies")

    return Metric("gain", "dB", "lower", evaluate)


_METRICS = {
    m.name: m
    for m in (
        Metric("max_abs", "", "lower", _max_abs),
        Metric("rel_l2", "", "lower", _rel_l2),
        Metric("snr", "dB", "higher", _snr_db),
        Metric("ulp", "ULP", "lower", _ulp),
        Metric("lsb", "LSB", "lower", _lsb),
        Metric("exact", "differ", "lower", _exact),
        Metric("argmax", "differ", "lower", _argmax),
        Metric("probability", "", "lower", _max_abs),
        frequency_response_db(),
    )
}


def metric(which: str | Metric) -> Metric:
    """Return a metric by its name; one of your own passes through.

    ``max_abs``: greatest absolute difference. ``rel_l2``: norm of the difference over the reference's.
    ``snr``: the same in dB, infinite when nothing differs. ``ulp``: greatest difference in units of the
    last place of the result's type at the reference's value, so that the correctly rounded result is
    within 0.5 (Goldberg, ACM Computing Surveys 23, 1991). ``lsb``: greatest difference of integers.
    ``exact``: how many elements are not identical, signs of zeros included. ``argmax``: how many rows have
    their maximum elsewhere. ``probability``: greatest difference of probabilities. ``gain``: see
    ``frequency_response_db``.
    """
    if isinstance(which, Metric):
        return which
    try:
        return _METRICS[which]
    except KeyError:
        raise ValueError(f"There is no metric {which!r}, only {', '.join(_METRICS)}") from None
