"""Estimate cycles and time from how many instructions of each class were executed: never more than an estimate.

A cycle model gives each class a cost and, on some cores, loads another one by what follows them. What the model
leaves out, and how far its estimates were from published cycle counts, is in docs/counting-time.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from mpy_harness.errors import TargetInvalid
from mpy_harness.targets import CostName, Cycles

_WORDS = {"load_words": ("load", "load_word"), "store_words": ("store", "store_word")}
_ROW = "load_row"
_LONG = ("float_divide", "float_square_root")
#: Pairs in which an instruction reads the result of the one before, with the classes of that.
_USED = {
    "load_used": ("load",),
    "load_later": ("load",),
    "multiply_used": ("multiply",),
    "float_used": ("float_add", "float_multiply", "float_multiply_add", "float_convert", "float_move", *_LONG),
    "shift_used": (),  # what shifts is in no class of its own: where that was not counted, none does
}
_BEHIND, _BEHIND_TURNS = "behind_divide", "behind_divide_turns"
#: Counts that a model may ask for besides the classes.
ASKED = (*_WORDS, _ROW, *_USED)
#: All counts beside the classes: no instructions of their own.
BESIDE = (*ASKED, _BEHIND, _BEHIND_TURNS)
_REFILLS = ("branch_taken", "call", "return")
_VECTOR = "vector"
#: Costs that are no classes: of each word but the first.
WORDS = {further for _, further in _WORDS.values()}
_COUNTS = {*get_args(CostName), *BESIDE, "unknown"} - WORDS

_UNITS = ((1, "s"), (1e3, "ms"), (1e6, "µs"), (1e9, "ns"))
_PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


@dataclass(frozen=True)
class Estimate:
    """Estimated cycles at a clock in Hz, and their bound in percent."""

    cycles: float
    clock: int
    error: float

    @property
    def seconds(self) -> float:
        """Return the time that the cycles take."""
        return self.cycles / self.clock

    def __str__(self) -> str:
        cycles, clock = _scaled(self.cycles), _scaled(self.clock)
        time = seconds_text(self.seconds)
        return f"≈ {' '.join(filter(None, cycles))} cycles ±{self.error:g} %, {time} at {' '.join(clock)}Hz"


def estimate(counts: Mapping[str, float], model: Cycles, clock: int | None = None) -> Estimate:
    """Return the cycles that so many instructions take on a core, at the model's clock or another one in Hz.

    ``counts`` are what the plugin counts in its mode "classes", or their means: the classes with "branch_taken" and
    "branch_not_taken", "load_words" and "store_words", "load_row", "load_used", "load_later", "multiply_used",
    "float_used" and "shift_used". A class that is not there was not executed; a count of words, and of loads in a row
    where the model has a cost for them, must be there. What older counts do not have is not known: without "load_used"
    and the like the next instruction is taken to read half of the results, without "behind_divide" half of what
    divisions may hide at most is taken off, and the error is more than the model's by as much, as by half of what
    vectors take. Without "shift_used" nothing waits for that.
    Raises ValueError for a count that nobody knows or that is missing, TargetInvalid where the model lacks a cost.
    """
    counted = {name.replace(" ", "_").replace("-", "_"): number for name, number in counts.items()}
    costs = {str(name): cost for name, cost in model.costs.items()}
    if unknown := sorted(counted.keys() - _COUNTS):
        known = ", ".join(sorted(_COUNTS))
        raise ValueError(f"no class of instructions is called {', '.join(unknown)}. Known: {known}.")
    needed = [*_WORDS, *([_ROW] if _ROW in costs else [])]
    if missing := [name for name in needed if name not in counted]:
        raise ValueError(f"the cycle model needs the counts {', '.join(missing)} too: count in the mode classes.")
    charged = _charged(counted, costs)
    if lacking := [name for name, number in charged.items() if number and name not in costs]:
        raise TargetInvalid(
            f"the cycle model has no cost for {', '.join(lacking)}, which the guest executed. "
            "Add it to the costs of the core's model, or to [cycles.costs] of target.toml."
        )
    cycles = sum(number * costs[name] for name, number in charged.items() if number)
    cycles += model.refill * sum(charged.get(name, 0) for name in _REFILLS)
    waited, unsure_waited = _waited(counted, costs)
    hidden, unsure_hidden = (0.0, 0.0) if model.overlap is None else _hidden(counted, charged, model)
    cycles += waited - hidden
    # One program alone was compared that has vectors: each may take half more, or less (docs/published.md).
    unsure = unsure_waited + unsure_hidden + charged.get(_VECTOR, 0) * costs.get(_VECTOR, 0.0) / 2
    error = model.error + (100 * unsure / cycles if unsure else 0.0)
    return Estimate(cycles, clock or model.clock, round(error, 1))


def _waited(counted: Mapping[str, float], costs: Mapping[str, float]) -> tuple[float, float]:
    """Return the cycles that instructions wait for the result before, and by how many it may be more or less."""
    waited = sum(counted[used] * costs[used] for used in _USED if used in costs and used in counted)
    unknown = [used for used in _USED if used in costs and used not in counted]
    middle = sum(counted.get(name, 0) * costs[used] for used in unknown for name in _USED[used]) / 2
    return waited + middle, middle


def _hidden(counted: Mapping[str, float], charged: Mapping[str, float], model: Cycles) -> tuple[float, float]:
    """Return the cycles of other instructions that divisions hide, and by how many it may be more or less."""
    costs = {str(name): cost for name, cost in model.costs.items()}
    # Of each division all cycles but the first may hide something.
    divisions = sum(charged.get(name, 0) * (costs[name] - 1) for name in _LONG if name in costs)
    if _BEHIND in counted:
        turn = costs.get("branch_taken", 1) + model.refill
        return min(divisions, counted[_BEHIND] + counted.get(_BEHIND_TURNS, 0) * (turn - 1)), 0.0
    others = sum(n * costs[name] for name, n in charged.items() if n and not name.startswith("float_"))
    middle = max(0.0, min(divisions, others)) / 2
    return middle, middle


def _charged(counted: Mapping[str, float], costs: Mapping[str, float]) -> dict[str, float]:
    """Return how often each cost is due."""
    charged = {name: number for name, number in counted.items() if name not in {*BESIDE, "unknown"}}
    charged["integer"] = charged.get("integer", 0) + counted.get("unknown", 0)
    for words, (access, further) in _WORDS.items():
        charged[further] = max(0, counted[words] - counted.get(access, 0))
    if _ROW in costs:
        charged[_ROW] = counted[_ROW]
        charged["load"] = charged.get("load", 0) - counted[_ROW]
    return charged


def _scaled(number: float) -> tuple[str, str]:
    # Three digits round up from just below a power of ten: 999 999 is 1 M, not 1e+03 k.
    scale, prefix = next(((scale, prefix) for scale, prefix in _PREFIXES if number >= scale * 0.9995), (1, ""))
    return f"{number / scale:.3g}", prefix


def seconds_text(seconds: float) -> str:
    """Return a time with its unit, from ns to s."""
    factor, unit = next(((factor, unit) for factor, unit in _UNITS if seconds * factor >= 0.9995), _UNITS[-1])
    return f"{seconds * factor:.3g} {unit}"


def interval(below: float, above: float) -> str:
    """Return in words by how much a time may be less and more, in percent."""
    if above == below:
        return f"{below:.3g} %"
    return f"-{min(below, 100):.3g} +{above:.3g} %"
