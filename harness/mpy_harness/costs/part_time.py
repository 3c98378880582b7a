"""The time of code that was counted, on a part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mpy_harness.costs import cycles
from mpy_harness.costs.flash import waits
from mpy_harness.costs.waits import Code
from mpy_harness.errors import TargetInvalid
from mpy_harness.targets import CodeMemory, Part, Target
from mpy_harness.targets.tables import Cycles


@dataclass(frozen=True)
class PartTime:
    """An estimate for a part, which may be longer by ``above`` percent.

    ``untold`` are memories of which no source tells how long code waits for them: that is not in ``above``.
    """

    part: Part
    time: cycles.Estimate
    above: float
    untold: tuple[str, ...]

    def __str__(self) -> str:
        text = str(self.time)
        if self.above > self.time.error:
            text = text.replace(f"±{self.time.error:g} %", f"-{self.time.error:g} +{self.above:.3g} %")
        return text


def check_same_code(part: Part, target: Target) -> None:
    """Raise TargetInvalid where a part runs other code than what is counted on a target."""
    if part.arch != target.natmod.arch:
        raise TargetInvalid(
            f"{part.name} ({part.arch}) runs other code than {target.name} ({target.natmod.arch}), on which it is "
            "counted: choose a --target with the part's architecture (mpy-harness parts)."
        )
    _model(part)


def _model(part: Part) -> Cycles:
    if part.cycles is None:
        raise TargetInvalid(f"there is no cycle model of {part.name}'s core, {part.core}: no time can be told.")
    return part.cycles


def part_time(
    counts: Mapping[str, float],
    part: Part,
    in_modules: float,
    cached: float | None = None,
    *,
    is_interpreter: bool = False,
) -> PartTime:
    """Return the time that counted instructions take on a part (``check_same_code`` before).

    ``in_modules`` is the share of them, from 0 to 1, that are in the memory of native modules; the others are in
    that of the firmware. Each class is taken to be shared in the same way. ``cached`` are the bytes of all code that
    ran, where they are known. ``is_interpreter``: what is in the firmware's memory is the interpreter, not other code.
    """
    model = _model(part)
    time = cycles.estimate(counts, model)
    named = {name.replace(" ", "_").replace("-", "_"): number for name, number in counts.items()}

    def code(memory: CodeMemory, share: float) -> Code:
        return Code({name: share * number for name, number in named.items()}, memory, cached, memory is part.firmware)

    firmware, modules = code(part.firmware, 1 - in_modules), code(part.modules, in_modules)
    waited = waits(firmware, modules, model, is_interpreter=is_interpreter)
    time = replace(time, cycles=time.cycles + waited.more)
    above = time.error + 100 * waited.most / time.cycles * (1 + time.error / 100) if time.cycles else time.error
    return PartTime(part, time, above, waited.untold)
