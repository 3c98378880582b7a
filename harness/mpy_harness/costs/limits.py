"""Limits of a part, and whether an estimate keeps them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from mpy_harness.costs.cycles import interval, seconds_text
from mpy_harness.costs.prediction import CostEstimate

#: "perhaps": the limit lies within the interval of the estimate.
Verdict = Literal["yes", "perhaps", "no"]
VERDICTS: dict[Verdict, str] = {"yes": "fits", "perhaps": "may not fit", "no": "does not fit"}
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1}
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)\s*(\D*)")


@dataclass(frozen=True)
class Fit:
    """How much of a limit an estimate takes: bytes, or seconds, NaN where not known.

    It may be less by ``error`` and more by ``above``, both in percent; without the latter, by ``error`` as well.
    """

    what: str
    takes: float
    limit: float
    error: float = 0.0
    above: float | None = None

    @property
    def most_above(self) -> float:
        """Return by how much it may be more, in percent."""
        return self.error if self.above is None else self.above

    @property
    def verdict(self) -> Verdict:
        """Return whether it keeps the limit."""
        if self.takes * (1 + self.most_above / 100) <= self.limit:
            return "yes"
        return "no" if self.takes * (1 - self.error / 100) > self.limit else "perhaps"

    @property
    def sentence(self) -> str:
        """Return in words how much of the limit is taken."""
        if math.isnan(self.takes):
            return f"{VERDICTS[self.verdict]}: its {self.what} is not known"
        error = ""
        if self.error or self.most_above:
            error = f" {'±' if self.most_above == self.error else ''}{interval(self.error, self.most_above)}"
        share = f"{self.takes / self.limit:.0%} of {self._amount(self.limit)}" if self.limit else "there is none"
        return f"{VERDICTS[self.verdict]}: {self._amount(self.takes)}{error} of {self.what}, {share}"

    def _amount(self, number: float) -> str:
        if self.what == "time":
            return seconds_text(number)
        return f"{number:,.0f}" + ("" if self.what == "instructions" else " B")


@dataclass(frozen=True)
class Limits:
    """What there is room for: bytes of heap and of flash, seconds for one run of every stage; None: no limit.

    A part is a limit of its own: where no RAM is given, there is that of the part.
    """

    ram: int | None = None
    flash: int | None = None
    time: float | None = None

    def of(self, cost: CostEstimate) -> Iterator[Fit]:
        """Return how much of each limit an estimate takes; a time that is not known may be any."""
        ram = cost.part.room if self.ram is None and cost.part is not None else self.ram
        if ram is not None:
            yield Fit("RAM", cost.heap, ram)
        if self.flash is not None:
            yield Fit("flash", cost.flash, self.flash)
        if self.time is not None:
            seconds = math.nan if cost.seconds is None else cost.seconds
            yield Fit("time", seconds, self.time, cost.time_error or 0.0, cost.time_above or 0.0)

    def verdict(self, cost: CostEstimate) -> Verdict:
        """Return whether an estimate keeps all limits."""
        verdicts = {fit.verdict for fit in self.of(cost)}
        return "no" if "no" in verdicts else "perhaps" if "perhaps" in verdicts else "yes"


def read_bytes(text: str) -> int:
    """Return a number of bytes: 32768, 32K or 1M, where K is 1024. Raises ValueError."""
    return round(_read(text, {"", "K", "M"}, "bytes: 32768, 32K, 1M"))


def read_seconds(text: str) -> float:
    """Return a time in seconds: 20ms, 500us or 1.5s. Raises ValueError."""
    return _read(text, {"us", "µs", "ms", "s"}, "a time: 20ms, 500us, 1.5s")


def _read(text: str, units: set[str], what: str) -> float:
    found = _NUMBER.fullmatch(text.strip())
    unit = found[2].removesuffix("B").removesuffix("i") if found else ""
    unit = unit.upper() if unit == "k" else unit
    if found is None or unit not in units:
        raise ValueError(f"{text!r} is not {what}")
    return float(found[1]) * _UNITS[unit]
