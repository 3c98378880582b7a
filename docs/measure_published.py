"""Write docs/published.md: cycle models against times that others measured, fitted on half of them, tested on the rest.

python -m docs.measure_published

What was counted is in docs/published-counted.json; docs/count_published.py makes it anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import lsq_linear

from docs.measure_costs import BEGIN, END, markdown
from mpy_harness.costs.cycles import BESIDE, estimate
from mpy_harness.costs.flash import from_flash
from mpy_harness.targets import Measured
from mpy_harness.targets.files import core_model, read_toml
from mpy_harness.targets.tables import Cycles

DOCS = Path(__file__).resolve().parent
FIGURES, COUNTED, PAGE = DOCS / "published-times.toml", DOCS / "published-counted.json", DOCS / "published.md"
#: The costs that are fitted, by core; one after the other for the ESP32, because few of its programs have MAC16. Calls
#: and returns cost what a taken branch does where that is fitted.
FITTED_COSTS = (
    ("esp32-p4", ("load_used", "multiply_used", "float_used")),
    ("cortex-m55", ("dsp",)),
    ("cortex-m55", ("vector",)),
    ("xtensa-lx6", ("branch_taken",)),
    ("xtensa-lx6", ("dsp",)),
    ("xtensa-lx7", ("branch_taken",)),
)
#: What some programs of a core have much of: its cost is fitted to those, and other costs to the rest.
_RARE = {"xtensa-lx6": "dsp", "xtensa-lx7": "dsp", "cortex-m55": "vector"}
RISCV = ("esp32-p4", "esp32-c3", "hazard3")
_CALLS = ("call", "return")


@dataclass(frozen=True)
class Figure:
    """A published time as ``cycles`` at the board's clock, and what was counted here of the same program.

    ``memory`` says in words what code waits for, "" where nothing waits. ``flash`` and ``waits``: where the interpreter
    is fetched from, None where that is not said. ``is_float``: the
    program computes with floats. ``held_out``: nothing was fitted to it.
    """

    board: str
    core: str
    program: str
    cycles: float
    clock: int
    counts: Mapping[str, float]
    is_float: bool
    flash: str | None
    waits: int
    memory: str
    held_out: bool
    source: str
    address: str

    @property
    def kind(self) -> str:
        """Return the core, and what its code waits for."""
        return ", ".join(filter(None, (self.core, self.memory)))

    @property
    def model(self) -> float:
        """Return the cycles by the core's model, without waits."""
        return self.model_without(())

    def model_without(self, names: Sequence[str]) -> float:
        """Return the cycles by the core's model as if some of its costs were none."""
        model = core_model(self.core)
        assert model is not None
        costs = {name: 0.0 if name in names else cost for name, cost in model.costs.items()}
        return estimate(self.counts, Cycles(**model.model_dump() | {"costs": costs}, clock=self.clock)).cycles

    @property
    def calls(self) -> float:
        """Return the calls and returns: where code goes on that the flash's cache has seldom."""
        return sum(self.counts.get(name, 0) for name in _CALLS)


def figures() -> list[Figure]:
    """Return all published figures, in the order of the file."""
    counted = json.loads(COUNTED.read_text(encoding="utf-8"))
    boards = read_toml(FIGURES)["board"]
    return [each for board in boards for each in _of_board(board, counted[board["counted"]])]


def _of_board(board: Mapping[str, Any], counted: Mapping[str, Mapping[str, Any]]) -> Iterator[Figure]:
    # Whole functions are held out, not sizes of one: the code of another size is the same.
    functions = list(dict.fromkeys(map(_function, board["figures"])))
    floats = board.get("float", ())
    for program, value in board["figures"].items():
        found = counted[program]
        yield Figure(
            board=board["name"],
            core=board["core"],
            program=program,
            cycles=_cycles(value, board, found),
            clock=board["clock"],
            counts={**dict.fromkeys(BESIDE, 0), **found["counts"]},
            is_float=any(word == "*" or word in program for word in floats),
            flash=board.get("flash"),
            waits=board.get("waits", 0),
            memory=board.get("memory", "flash, waits told" if "flash" in board else ""),
            held_out=not board.get("fit", True) or functions.index(_function(program)) % 2 == 1,
            source=board["source"],
            address=board["address"],
        )


def _cycles(value: float, board: Mapping[str, Any], found: Mapping[str, Any]) -> float:
    if board["unit"] == "score":
        return float(board["clock"] * found.get("norm", 1) / value)
    return float(value if board["unit"] == "cycles" else board["clock"] * value / 1e6)


def _function(program: str) -> str:
    return program.partition(",")[0]


def fitted_costs(all_figures: Sequence[Figure], core: str, names: Sequence[str]) -> dict[str, float]:
    """Return the costs of a core that fit half of its figures best, each instruction taking a cycle at least.

    On Xtensa MAC16 (``dsp``) is fitted to the figures of which it is more than a twentieth, the rest to the others; as
    Helium (``vector``) on the Cortex-M55.
    """
    model, rare = core_model(core), _RARE.get(core, "")
    assert model is not None
    least = {name: 0.0 if name.endswith("_used") else 1.0 for name in names}
    fitted = [each for each in all_figures if each.core == core and not each.held_out]
    if rare:
        fitted = [each for each in fitted if (each.counts.get(rare, 0) > each.cycles / 20) == (rare in names)]

    def cycles(costs: Mapping[str, float]) -> np.ndarray[Any, Any]:
        turns = {name: costs["branch_taken"] for name in _CALLS if "branch_taken" in costs}
        all_costs = {str(name): cost for name, cost in model.costs.items()} | dict(costs) | turns
        chosen = Cycles(**{**model.model_dump(), "costs": all_costs}, clock=1)
        return np.array([estimate(each.counts, chosen).cycles / each.cycles for each in fitted])

    base = cycles(least)
    columns = [cycles({**least, name: least[name] + 1}) - base for name in names]
    more = lsq_linear(np.column_stack(columns), 1 - base, bounds=(0, 40)).x
    return {name: round(least[name] + float(cost), 1) for name, cost in zip(names, more, strict=True)}


def fitted_flash(all_figures: Sequence[Figure], flash: str) -> tuple[float, float]:
    """Return what fits half of the figures of a kind of flash best: a factor of the model's cycles, and how often
    its wait states are waited for by each call and return.

    The factor is that of the other firmware: another port and compiler than what was counted.
    """
    fitted = [each for each in all_figures if each.flash == flash and not each.held_out]
    matrix = [[each.model / each.cycles, each.waits * each.calls / each.cycles] for each in fitted]
    factor, share = np.linalg.lstsq(np.array(matrix), np.ones(len(fitted)), rcond=None)[0]
    return round(float(factor), 3), round(float(share), 3)


def measured_flash(all_figures: Sequence[Figure], flash: str) -> Measured:
    """Return what fits half of the figures of a kind of flash best, as a part has it."""
    work, calls = fitted_flash(all_figures, flash)
    return Measured(work=work, calls=calls, source=f"fitted to half of the figures of {flash}")


def predictor(all_figures: Sequence[Figure]) -> Callable[[Figure], float]:
    """Return what predicts the cycles of a figure: the core's model, with the flash where its waits are known."""
    flashes = {each.flash: measured_flash(all_figures, each.flash) for each in all_figures if each.flash}

    def predict(each: Figure) -> float:
        if each.flash is None:
            return each.model
        return from_flash(each.model, each.counts, each.waits, flashes[each.flash])

    return predict


def error(each: Figure, predicted: float) -> float:
    """Return by how much the predicted cycles exceed the published ones, in percent."""
    return 100 * (predicted / each.cycles - 1)


def tables() -> str:
    """Return the tables of the page."""
    found = figures()
    predict = predictor(found)
    floats, riscv = sum(each.is_float for each in found), sum(each.core in RISCV for each in found)
    lines = [f"{len(found)} figures, {floats} of them of code with floats, {riscv} of RISC-V.", ""]
    errors = ["fitted", "held out", "median", "90th percentile", "greatest", "fitted: median"]
    cores, boards = dict(sorted(_grouped(found, "kind").items())), _grouped(found, "board")
    lines += [
        *markdown(
            ["core, and what code waits for", *errors], (_summary(name, of, predict) for name, of in cores.items())
        ),
        "",
    ]
    rows = ([*_summary(name, of, predict), f"[{of[0].source}]({of[0].address})"] for name, of in boards.items())
    lines += [*markdown(["board", *errors, "source"], rows), ""]
    head = ["flash", "cycles by the model", "wait states, times each call or return"]
    flashes = dict.fromkeys(each.flash for each in found if each.flash)
    lines += [
        *markdown(head, ([name, *(f"× {number:g}" for number in fitted_flash(found, name))] for name in flashes)),
        "",
    ]
    head = ["board", "program", "cycles predicted", "published", "error", ""]
    lines += [*markdown(head, (_row(each, predict(each)) for each in found)), ""]
    return "\n".join(lines)


def _grouped(found: Sequence[Figure], what: str) -> dict[str, list[Figure]]:
    groups: dict[str, list[Figure]] = {}
    for each in found:
        groups.setdefault(getattr(each, what), []).append(each)
    return groups


def _summary(name: str, found: Sequence[Figure], predict: Callable[[Figure], float]) -> list[str]:
    held = [abs(error(each, predict(each))) for each in found if each.held_out]
    fitted = [abs(error(each, predict(each))) for each in found if not each.held_out]
    tested = [np.median(held), np.percentile(held, 90), max(held)] if held else []
    texts = [f"{number:.1f} %" for number in tested] or ["–"] * 3
    return [name, str(len(fitted)), str(len(held)), *texts, f"{np.median(fitted):.1f} %" if fitted else "–"]


def _row(each: Figure, predicted: float) -> list[str]:
    return [
        each.board,
        each.program,
        f"{predicted:,.0f}",
        f"{each.cycles:,.0f}",
        f"{error(each, predicted):+.1f} %",
        "held out" if each.held_out else "fitted",
    ]


def page_with(text: str) -> str:
    """Return the page with these tables in it."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    return f"{before}{BEGIN}\n{text}{END}{rest.partition(END)[2]}"


def main() -> None:
    """Write the page."""
    for core, names in FITTED_COSTS:
        print(core, fitted_costs(figures(), core, names))
    PAGE.write_text(page_with(tables()), encoding="utf-8")


if __name__ == "__main__":
    main()
