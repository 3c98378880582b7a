"""Estimate what models and signal processing will take on a target: flash, heap, instructions, time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from mpy_harness.costs import cycles, fitting, float_code, melspec, network_file, part_waits, tinymaix_file, tree_file
from mpy_harness.costs.constants import StageConstants, TargetConstants, constants
from mpy_harness.costs.dsp import DSP, dsp_stage
from mpy_harness.costs.estimators import estimator_stages
from mpy_harness.costs.named import load_named
from mpy_harness.costs.stage import Stage
from mpy_harness.costs.tree_c_file import SUFFIXES as C_SUFFIXES
from mpy_harness.costs.tree_stage import tree_stage
from mpy_harness.costs.trees import LeafBits
from mpy_harness.errors import ModelInvalid, TargetInvalid
from mpy_harness.targets import DEFAULT_TARGET, Cycles, Part, Target, load_part, load_target


@dataclass(frozen=True)
class StageEstimate:
    """What one run of a stage takes. Bytes are those of the stage's own object and model.

    ``modules`` are those that it needs, with the bytes of their files and of the heap that importing them takes.

    ``error`` is that of the instructions in percent: the greatest that was measured on models of this kind which the
    constants were not fitted to, and more where they are of other firmware, by ``elsewhere``. ``outside`` says in words
    which size lies outside of all that was measured; the error is that of the models which were. ``time`` is None where
    the target has no cycle model; ``floats`` is how much of it float instructions take, in percent. ``runs`` are those
    in a second, None without a rate. ``waits``: by how much of the time the memories of a part lengthen it at most, in
    percent.
    """

    stage: Stage
    flash: int
    heap: int
    modules: Mapping[str, tuple[int, int]]
    instructions: float
    error: float
    outside: str
    time: cycles.Estimate | None
    floats: float
    runs: float | None
    waits: float = 0.0
    elsewhere: float = 0.0

    @property
    def time_above(self) -> float | None:
        """Return by how much the time may be longer, in percent: its error, and what the memories of a part add."""
        error = self.time_error
        return None if error is None else error + self.waits * (1 + error / 100)

    @property
    def time_error(self) -> float | None:
        """Return the error of the time in percent: that of the instructions, and that of the cycle model."""
        if self.time is None:
            return None
        return self.error + float_code.time_error(self.floats, self.time)

    @property
    def is_float_code(self) -> bool:
        """Tell whether float instructions take a larger part of the time than the cycle model's bound."""
        return self.time is not None and float_code.is_float_code(self.floats, self.time.error)

    @property
    def share(self) -> float | None:
        """Return the share of the core that its runs take, 1 for all of it; None without a rate or a cycle model."""
        return None if self.time is None or self.runs is None else self.time.seconds * self.runs


@dataclass(frozen=True)
class CostEstimate:
    """What a pipeline takes on a target or a part; ``measured_on`` is the target whose constants were taken.

    ``untold`` are those memories of the part of which no source tells how long code waits for them; the interval of
    the time is without that.
    """

    target: str
    measured_on: str
    stages: tuple[StageEstimate, ...]
    part: Part | None = None
    untold: tuple[str, ...] = ()

    @property
    def modules(self) -> dict[str, tuple[int, int]]:
        """Return the modules that are needed, each once, with the bytes of their files and of the heap they take."""
        return {name: taken for each in self.stages for name, taken in each.modules.items()}

    @property
    def flash(self) -> int:
        """Return the bytes of all native modules and models."""
        return sum(flash for flash, _ in self.modules.values()) + sum(each.flash for each in self.stages)

    @property
    def heap(self) -> int:
        """Return the bytes in the heap of all native modules and objects, without the program's own buffers."""
        return sum(heap for _, heap in self.modules.values()) + sum(each.heap for each in self.stages)

    @property
    def instructions(self) -> float:
        """Return the instructions that one run of every stage takes."""
        return sum(each.instructions for each in self.stages)

    @property
    def error(self) -> float:
        """Return the error of these instructions in percent."""
        return sum(each.instructions * each.error for each in self.stages) / self.instructions

    @property
    def outside(self) -> str:
        """Return which sizes lie outside of all that was measured."""
        return ", ".join(each.outside for each in self.stages if each.outside)

    @property
    def seconds(self) -> float | None:
        """Return the time that one run of every stage takes, None where the target has no cycle model."""
        times = [each.time.seconds for each in self.stages if each.time is not None]
        return sum(times) if len(times) == len(self.stages) else None

    @property
    def time_error(self) -> float | None:
        """Return the error of these seconds in percent, None where they are not known."""
        return self._mean([stage.time_error for stage in self.stages])

    @property
    def time_above(self) -> float | None:
        """Return by how much these seconds may be more, in percent, None where they are not known."""
        return self._mean([stage.time_above for stage in self.stages])

    def __str__(self) -> str:
        """Return in a sentence whether it fits a part, or what it takes of a target, and how long all stages take."""
        if self.part is None:
            ram = f"{self.target}: {self.heap:,} B of RAM"
        elif self.heap <= self.part.room:
            ram = f"fits {self.part.name} with {self.heap / self.part.room:.0%} of its RAM"
        else:
            ram = f"does not fit {self.part.name}: {self.heap / self.part.room:.0%} of its RAM"
        if self.seconds is None:
            return ram
        below, above = self.time_error or 0.0, self.time_above or 0.0
        error = cycles.interval(below, above)
        return f"{ram}, {cycles.seconds_text(self.seconds)} {'±' if below == above else ''}{error}"

    def _mean(self, errors: Sequence[float | None]) -> float | None:
        if self.seconds is None:
            return None
        each = ((stage.time, error) for stage, error in zip(self.stages, errors, strict=True))
        return sum(time.seconds * error for time, error in each if time and error is not None) / self.seconds

    @property
    def instructions_per_second(self) -> float | None:
        """Return the instructions for a second of input, None without a rate."""
        return _sum([None if each.runs is None else each.runs * each.instructions for each in self.stages])

    @property
    def share(self) -> float | None:
        """Return the share of the core that all stages take, 1 for all of it."""
        return _sum([each.share for each in self.stages])


def estimate(
    *models: Any,
    target: str | Target | None = None,
    part: str | Part | None = None,
    samples: ArrayLike | None = None,
    leaf_bits: LeafBits = 0,
    rate: float | None = None,
    clock: int | None = None,
) -> CostEstimate:
    """Return what models take on a target or a part (``load_part``), one after the other as a pipeline.

    A model is a fitted estimator of scikit-learn (``KINDS`` in ``costs/estimators.py``) or a Pipeline of scalers and
    one; a text such as ``fir:taps=64,rate=16000`` (``costs/dsp.py``, ``costs/melspec.py``); a ``.csv``, ``.h`` or
    ``.c`` file of emlearn's; a ``.tmdl`` or ``.h`` file of TinyMaix's; a ``.toml`` or ``.json`` file that describes a
    network (``costs/network_file.py``); or what ``load_named`` takes.
    ``samples`` of shape (n, features) tell how many nodes trees visit; without them the training samples do, which
    scikit-learn's trees remember. ``rate`` is how many samples, or things to classify, come in a second; ``clock`` is
    in Hz, by default the target's or the part's.
    Raises ModelInvalid, TargetInvalid, ToolMissing.
    """
    if part is not None and target is not None:
        raise TargetInvalid("an estimate is for a target or for a part: name one of them.")
    if part is None:
        where: str | Target | Part = DEFAULT_TARGET if target is None else target
    else:
        where = part if isinstance(part, Part) else load_part(part)
    return of_stages(stages(models, samples, leaf_bits), where, rate=rate, clock=clock)


def stages(models: Sequence[Any], samples: ArrayLike | None = None, leaf_bits: LeafBits = 0) -> list[Stage]:
    """Return the stages that models are. Raises as ``estimate`` does."""
    if not models:
        raise ModelInvalid(f"there is nothing to estimate: name a model, or one of {', '.join((*DSP, melspec.NAME))}.")
    return [stage for model in models for stage in _stages(model, samples, leaf_bits)]


def of_stages(
    wanted: Sequence[Stage], where: str | Target | Part, *, rate: float | None = None, clock: int | None = None
) -> CostEstimate:
    """Return what stages take on a target or a part. Raises TargetInvalid."""
    chosen = load_target(where) if isinstance(where, str) else where
    if isinstance(chosen, Part):
        measured_on, measured = constants().of_part(chosen)
        is_same_firmware = False
    else:
        measured_on, measured = constants().of(chosen)
        is_same_firmware = measured_on in {chosen.name, chosen.firmware_of and chosen.firmware_of.name}
    is_same_core = measured.core == chosen.core
    found, untold = [], dict[str, None]()
    for stage in wanted:
        rate = stage.rate or rate
        runs = None if rate is None else rate / stage.samples
        estimated = _estimate(stage, measured, chosen.cycles, runs, clock)
        if isinstance(chosen, Part) and estimated.time is not None and chosen.cycles is not None:
            waits = part_waits.of_stage(stage, measured, chosen, chosen.cycles)
            untold |= dict.fromkeys(waits.untold)
            time = replace(estimated.time, cycles=estimated.time.cycles + waits.more)
            estimated = replace(estimated, time=time, waits=100 * waits.most / time.cycles)
        more = 0.0 if is_same_firmware else constants().error_elsewhere(stage.kind, is_same_core=is_same_core)
        found.append(replace(estimated, error=estimated.error + more, elsewhere=more))
        rate = None if runs is None else runs * stage.gives
    part = chosen if isinstance(chosen, Part) else None
    return CostEstimate(chosen.name, measured_on, tuple(found), part, tuple(untold))


def _stages(model: Any, samples: ArrayLike | None, leaf_bits: LeafBits) -> list[Stage]:
    if isinstance(model, Stage):
        return [model]
    if not isinstance(model, str):
        return estimator_stages(model, samples=samples, leaf_bits=leaf_bits)
    if model.partition(":")[0] in DSP:
        return [dsp_stage(model)]
    if model.partition(":")[0] == melspec.NAME:
        return [melspec.melspec_stage(model)]
    if model.endswith(network_file.SUFFIXES):
        return [network_file.read_network(Path(model))]
    if model.endswith(tinymaix_file.SUFFIX) or (model.endswith(C_SUFFIXES) and tinymaix_file.is_c_array(Path(model))):
        return [tinymaix_file.read_tinymaix(Path(model))]
    if model.endswith(tree_file.SUFFIXES):
        return [tree_stage(tree_file.read_ensemble(Path(model)), samples)]
    name, _, sizes = model.partition(":")
    if "=" in sizes and not Path(model).exists():
        raise ModelInvalid(f"{model}: there is no stage {name!r}. There are {', '.join((*DSP, melspec.NAME))}.")
    return estimator_stages(load_named(model), model, samples, leaf_bits)


def _estimate(
    stage: Stage, measured: TargetConstants, model: Cycles | None, runs: float | None, clock: int | None
) -> StageEstimate:
    if stage.kind not in measured.stages or not measured.modules.keys() >= set(stage.uses):
        raise TargetInvalid(
            f"what {stage.text} costs on a {measured.core} was not measured: there is no room for it there."
        )
    costs, module = measured.stages[stage.kind], measured.modules[stage.module]
    counts = fitting.predicted(stage.terms, costs.terms)
    time = None if model is None else cycles.estimate(counts, model, clock)
    return StageEstimate(
        stage=stage,
        flash=stage.data + module.around_data if stage.data else 0,
        heap=stage.heap,
        modules={name: (measured.modules[name].file, measured.modules[name].heap) for name in stage.uses},
        instructions=fitting.instructions(counts),
        error=_error(stage, costs),
        outside=_outside(stage, costs),
        time=time,
        floats=0.0 if model is None else float_code.float_share(counts, model),
        runs=runs,
    )


def _error(stage: Stage, costs: StageConstants) -> float:
    """Return the error of a stage's instructions in percent: what was measured, and how far a guess may be off."""
    if stage.extremes:
        middle = fitting.instructions(fitting.predicted(stage.terms, costs.terms))
        ends = [fitting.instructions(fitting.predicted(each, costs.terms)) for each in stage.extremes]
        return costs.errors.known + 100 * max(abs(end - middle) for end in ends) / middle
    guessed = costs.errors.guessed if stage.guessed else None
    return costs.errors.known if guessed is None else guessed


def _outside(stage: Stage, costs: StageConstants) -> str:
    words = [
        f"{name}={stage.sizes[name]:,} ({least:,} to {most:,} were measured)"
        for name, (least, most) in costs.sizes.items()
        if not least <= stage.sizes[name] <= most
    ]
    return ", ".join(words)


def _sum(numbers: Sequence[float | None]) -> float | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None
