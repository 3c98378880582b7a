"""What a stage waits for on a part: the interpreter's code in one memory, the native module's in another."""

from __future__ import annotations

from collections.abc import Mapping

from mpy_harness.costs import fitting
from mpy_harness.costs.constants import TargetConstants
from mpy_harness.costs.flash import Waits, waits
from mpy_harness.costs.stage import Stage
from mpy_harness.costs.waits import Code, executed_bytes
from mpy_harness.targets import Cycles, Part

#: The kind of stage whose constant part is the interpreter's work and next to nothing else: it has integers
#: only, so that the fit tells the parts of a run apart on cores without an FPU as well.
_CALLS = "fir_q15"


def of_stage(stage: Stage, measured: TargetConstants, part: Part, model: Cycles) -> Waits:
    """Return what one run of a stage waits for on a part, in a loop that does nothing else."""
    counts = fitting.predicted(stage.terms, measured.stages[stage.kind].terms)
    firmware = _of_interpreter(measured, stage.terms.get("run", 1))
    modules = {name: max(0.0, number - firmware.get(name, 0.0)) for name, number in counts.items()}
    own = sum(measured.modules[name].file for name in stage.uses)
    interpreted = executed_bytes(firmware)
    # With a cache for both, both have to be in it.
    together = interpreted + own
    code = Code(firmware, part.firmware, together if part.modules.cache else interpreted, constants=True)
    native = Code(modules, part.modules, together)
    return waits(code, native, model, is_interpreter=True)


def _of_interpreter(measured: TargetConstants, calls: float) -> Mapping[str, float]:
    """Return what the interpreter executes in one turn of the loop: the calls, and what is around them."""
    return {name: calls * max(0.0, number) for name, number in measured.stages[_CALLS].terms["run"].items()}
