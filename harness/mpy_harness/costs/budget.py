"""Limits for what is estimated, in the words of ``pytest.mark.budget``: to check, and to search within."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import isfinite, nan
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import ByteSize, TypeAdapter, ValidationError

from mpy_harness.costs.limits import Fit
from mpy_harness.costs.prediction import CostEstimate, estimate
from mpy_harness.costs.trees import LeafBits
from mpy_harness.errors import BudgetExceeded, BudgetInvalid, ToolMissing
from mpy_harness.targets import Part, Target

_BYTES = TypeAdapter(ByteSize)
_SCORE = "score"

#: What scikit-learn's searches call as ``scoring``: with a fitted estimator, samples and classes.
Scoring = Callable[[Any, ArrayLike, ArrayLike], dict[str, float]]


@dataclass(frozen=True)
class Budget:
    """The most that one run of every stage may take, by an estimate with its whole interval; None: any.

    ``instructions`` and ``time_us`` are those of one run, ``heap`` the bytes of native modules and their objects,
    ``flash`` those of modules and models, ``ram`` those that loading the native modules takes. Bytes are whole
    numbers, or text such as ``"16 KiB"``. Raises BudgetInvalid for what is no limit.
    """

    instructions: int | None = None
    time_us: float | None = None
    heap: int | str | None = None
    flash: int | str | None = None
    ram: int | str | None = None

    def __post_init__(self) -> None:
        limits = {name: value for name, value in vars(self).items() if value is not None}
        if not limits:
            raise BudgetInvalid(
                "a budget without a limit keeps nothing: give instructions, time_us, heap, flash or ram"
            )
        for name, value in limits.items():
            object.__setattr__(self, name, _limit(name, value))

    def of(self, cost: CostEstimate) -> Iterator[Fit]:
        """Return how much of each limit an estimate takes; a time that is not known may be any."""
        taken = figures(cost)
        for name, value in vars(self).items():
            if value is None:
                continue
            what, scale = ("time", 1e-6) if name == "time_us" else (name, 1)
            least, middle, most = (scale * figure for figure in taken[name])
            below, above = (0.0, 0.0) if not middle or middle == most else (
                100 * (1 - least / middle), 100 * (most / middle - 1),
            )  # fmt: skip
            yield Fit(what, middle, scale * value, below, above)

    def fits(self, cost: CostEstimate) -> bool:
        """Tell whether an estimate keeps all limits with its whole interval."""
        return all(fit.verdict == "yes" for fit in self.of(cost))

    def check(self, cost: CostEstimate) -> None:
        """Raise BudgetExceeded for an estimate that does not, or may not, keep a limit."""
        if wrong := [fit for fit in self.of(cost) if fit.verdict != "yes"]:
            raise BudgetExceeded("\n".join(f"{cost.target}: {fit.sentence}" for fit in wrong))

    def best(self, results: Mapping[str, Any]) -> int:
        """Return the index of the best candidate within the budget: ``refit`` of a search with ``scoring``.

        ``results`` are the search's ``cv_results_``. A candidate is within where that of each fold is; the best has the
        highest mean score, of equal ones the least of what is limited first. Raises BudgetExceeded where none is.
        """
        limits = {name: value for name, value in vars(self).items() if value is not None}
        most = {name: _worst(results, name) for name in limits}
        within = np.all([most[name] <= value for name, value in limits.items()], axis=0)
        if not within.any():
            shares = np.array([most[name] / max(value, 1e-9) for name, value in limits.items()])
            nearest = int(shares.max(axis=0).argmin())
            takes = ", ".join(f"{name} {most[name][nearest]:,.6g} of {value:,}" for name, value in limits.items())
            raise BudgetExceeded(
                f"none of {len(within)} candidates is within the budget; the nearest is {results['params'][nearest]}: "
                f"{takes}. Search among smaller ones, or raise the limit."
            )
        scores = np.where(within, np.nan_to_num(results[f"mean_test_{_SCORE}"], nan=-np.inf), -np.inf)
        best = np.flatnonzero(scores == scores.max())
        return int(min(best, key=lambda at: [most[name][at] for name in limits]))


def figures(cost: CostEstimate) -> dict[str, tuple[float, float, float]]:
    """Return what is estimated by the words of a budget: the least, the estimate and the most of each, NaN unknown."""
    middle = sum(each.instructions for each in cost.stages)
    off = sum(each.instructions * each.error / 100 for each in cost.stages)
    seconds = nan if cost.seconds is None else cost.seconds
    less, more = seconds * (cost.time_error or 0) / 100, seconds * (cost.time_above or 0) / 100
    exact = {"heap": cost.heap, "flash": cost.flash, "ram": sum(heap for _, heap in cost.modules.values())}
    return {
        "instructions": (middle - off, middle, middle + off),
        "time_us": (1e6 * (seconds - less), 1e6 * seconds, 1e6 * (seconds + more)),
        **{name: (number, number, number) for name, number in exact.items()},
    }


def scoring(
    score: str | Callable[[Any, ArrayLike, ArrayLike], float] = "accuracy",
    *,
    target: str | Target | None = None,
    part: str | Part | None = None,
    leaf_bits: LeafBits = 0,
    clock: int | None = None,
) -> Scoring:
    """Return what a search of scikit-learn takes as ``scoring``: the score, and what the model takes on a device.

    The names are ``score``, and with ``neg_`` before them, as scikit-learn has it for what is to be small, the words of
    a budget: the most that is estimated of each, its visits looked up in the samples of the fold. ``refit`` says what
    decides: ``Budget(...).best`` the score within a budget, ``"neg_time_us"`` the time alone.
    ``score`` is a name of scikit-learn's, or a scorer. Raises ToolMissing, and in the search as ``estimate`` does.
    """
    try:
        from sklearn.metrics import get_scorer  # noqa: PLC0415 - only who searches needs scikit-learn
    except ImportError as error:
        raise ToolMissing(f"a search needs scikit-learn: {error}. pip install scikit-learn") from None
    scorer = get_scorer(score)

    def scored(estimator: Any, samples: ArrayLike, classes: ArrayLike) -> dict[str, float]:
        cost = estimate(estimator, target=target, part=part, samples=samples, leaf_bits=leaf_bits, clock=clock)
        most = {f"neg_{name}": -values[-1] for name, values in figures(cost).items() if values[-1] == values[-1]}
        return {_SCORE: float(scorer(estimator, samples, classes)), **most}

    return scored


def _worst(results: Mapping[str, Any], name: str) -> NDArray[np.float64]:
    end = f"_test_neg_{name}"
    splits = [values for key, values in results.items() if key.startswith("split") and key.endswith(end)]
    if not splits:
        raise BudgetInvalid(
            f"the search has no figure for {name}: give it scoring=mpy_harness.costs.scoring(...), on a target or part "
            "that has a cycle model where time is limited."
        )
    return np.asarray(-np.min(np.asarray(splits, float), axis=0))


def _limit(name: str, value: Any) -> int | float:
    wants = "bytes: a whole number or text such as '16 KiB'" if name in {"heap", "flash", "ram"} else "a number"
    invalid = BudgetInvalid(f"{name} of a budget is {wants}, 0 or more, not {value!r}.")
    if isinstance(value, bool):
        raise invalid
    if name == "time_us" and isinstance(value, int | float) and isfinite(value) and value >= 0:
        return value
    if name == "time_us" or isinstance(value, float) or (name == "instructions" and not isinstance(value, int)):
        raise invalid
    try:
        number = int(_BYTES.validate_python(value))
    except ValidationError:
        raise invalid from None
    if number < 0:
        raise invalid
    return number
