"""Measure what models cost on boards, fit the constants of estimates to half of them, and write docs/costs.md.

python -m docs.measure_costs            run all models on all targets whose firmware is built here, then write the
                                        constants and the page
python -m docs.measure_costs esp32 m0   only on these targets; of the others is kept what was measured before
python -m docs.measure_costs --kind neighbours   only models of one kind, where the rest is up to date
python -m docs.measure_costs --fit      only fit and write, from what was measured before (docs/costs-measured.json)
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from importlib.metadata import version
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np

from docs import count_tinymaix
from docs.costed_boards import FEW, measure, provenance, some_of
from docs.costed_front_ends import front_end_cases
from docs.costed_models import Case, dsp_cases, tree_cases
from docs.costed_networks import network_cases
from docs.costed_small import small_cases
from docs.costs_plot import digest, draw
from mpy_harness.board.pool import BoardPool
from mpy_harness.costs.constants import FILE, Constants, Module, TargetConstants
from mpy_harness.costs.fitting import Point, error, fit, up
from mpy_harness.targets import load_target

FOLDER = Path(__file__).resolve().parent
MEASURED = FOLDER / "costs-measured.json"
PAGE = FOLDER / "costs.md"
BEGIN, END = "<!-- tables -->\n", "<!-- end of tables -->\n"
#: One of each core, and one whose core is among them: what is fitted to the first is tried on that other firmware.
TARGETS = ("m33", "m4", "m4-stm32", "m3", "m0", "m7", "rv32")
#: Those that are measured where their emulators are.
OTHERS = ("esp32", "esp32c3")
#: Where only some small models of each kind are measured: enough to tell what another firmware makes of it.
SOME = ("m4-stm32",)
#: Kinds that allocate while they run.
ALLOCATING = ("melspec",)


def all_cases() -> list[Case]:
    """Return all models that are measured."""
    return [*tree_cases(), *dsp_cases(), *small_cases(), *network_cases(), *front_end_cases()]


def made_with() -> dict[str, str]:
    """Return the versions of what made the models."""
    return {name: version(name) for name in ("emlearn", "numpy", "scikit-learn")}


def points(measured: dict[str, Any]) -> dict[str, list[Point]]:
    """Return what was measured on a target, by kind."""
    found: dict[str, list[Point]] = {}
    names = [field.name for field in fields(Point)]
    for each in measured["models"]:
        found.setdefault(each["kind"], []).append(Point(**{name: each[name] for name in names}))
    return found


def fitted(measured: dict[str, Any]) -> Constants:
    """Return the constants that follow from all that was measured: those of the first target with each core."""
    targets: dict[str, TargetConstants] = {}
    other_firmware: dict[str, float] = {}
    other_core: dict[str, float] = {}
    for name, of_target in measured["targets"].items():
        if like := [each for each, constants in targets.items() if _is_like(constants, of_target)]:
            _widen(other_firmware, measured["targets"][like[0]], of_target)
            continue
        if same := [each for each, constants in targets.items() if constants.arch == of_target["arch"]]:
            _widen(other_core, measured["targets"][same[0]], of_target)
        facts = {key: value for key, value in of_target.items() if key != "models"}
        stages = {
            kind: fit(found, no_less_than_nothing=kind.startswith("network"))
            for kind, found in points(of_target).items()
        }
        modules = _modules(of_target["models"]) | count_tinymaix.modules(name)
        targets[name] = TargetConstants(**facts, modules=modules, stages=stages | count_tinymaix.stages(name))
    return Constants(
        made_with=measured["made_with"],
        other_firmware=up(other_firmware.pop("")),
        other_firmware_of={kind: up(greatest) for kind, greatest in other_firmware.items()},
        other_core=up(other_core.pop("")),
        other_core_of={kind: up(greatest) for kind, greatest in other_core.items()},
        targets=targets,
    )


def _widen(greatest: dict[str, float], here: dict[str, Any], there: dict[str, Any]) -> None:
    """Take up by how much the same models take more or less there; "" has those of all kinds that do not allocate."""
    known = {(kind, each.model): each.instructions for kind, found in points(here).items() for each in found}
    for kind, found in points(there).items():
        group = kind if kind in ALLOCATING else ""
        for each in (each for each in found if (kind, each.model) in known):
            off = 100 * abs(each.instructions / known[kind, each.model] - 1)
            greatest[group] = max(greatest.get(group, 0.0), off)


def _is_like(constants: TargetConstants, of_target: dict[str, Any]) -> bool:
    return (constants.core, constants.arch) == (of_target["core"], of_target["arch"])


def _modules(models: list[dict[str, Any]]) -> dict[str, Module]:
    found = {}
    fitted = [each for each in models if not each["held_out"]]
    # What importing takes after other modules differs by a few blocks: those count that are the first.
    imported = [each["module"] for each in fitted] + [taken for each in fitted for taken in each.get("others", [])]
    firsts = {each["module"][0] for each in fitted}
    for name in dict.fromkeys(taken[0] for taken in imported):
        among = imported[: len(fitted)] if name in firsts else imported
        of_module = [taken for taken in among if taken[0] == name]
        data = [each for each in fitted if each["module"][0] == name and each["file"]]
        around = round(mean(each["file"] - each["predicted"][0] for each in data)) if data else 0
        # What importing takes may differ by a few blocks: the collector takes some words for addresses.
        heap = round(median(taken[2] for taken in of_module))
        found[name] = Module(file=of_module[0][1], heap=heap, around_data=around)
    return found


def constants_of(of_target: dict[str, Any], constants: Constants) -> TargetConstants:
    """Return the constants that are tried on what was measured on a target."""
    return next(each for each in constants.targets.values() if _is_like(each, of_target))


def written(measured: dict[str, Any]) -> str:
    """Return the text of the file of what was measured: a line for each model."""
    lines = ["{", f' "made_with": {json.dumps(measured["made_with"])},', ' "targets": {']
    for name, of_target in measured["targets"].items():
        facts = {key: value for key, value in of_target.items() if key != "models"}
        lines += [f'  "{name}": {{', f'{json.dumps(facts)[1:-1]}, "models": [']
        lines += [",\n".join(json.dumps(each, ensure_ascii=False) for each in of_target["models"]), "]},"]
    lines[-1] = lines[-1].removesuffix(",")
    return "\n".join([*lines, " }", "}", ""])


def dumped(constants: Constants) -> str:
    """Return the text of the file of constants."""
    return constants.model_dump_json(indent=1) + "\n"


def page_with(text: str) -> str:
    """Return the page with these tables in it."""
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{text}{END}{rest.partition(END)[2]}"


def with_outputs(page: str) -> str:
    """Return the page with what its commands print now, run in a folder of their own."""
    with tempfile.TemporaryDirectory() as folder:

        def block(found: re.Match[str]) -> str:
            return "".join(shown(each) for each in re.split(r"^\$ ", found[0], flags=re.MULTILINE)[1:])

        def shown(step: str) -> str:
            line, _, output = step.partition("\n")
            if line.startswith("cat "):
                Path(folder, line.removeprefix("cat ")).write_text(output, encoding="utf-8")
            else:
                program, _, words = line.partition(" ")
                module = ["-m", "mpy_harness"] if program == "mpy-harness" else []
                command = [sys.executable, *module, *shlex.split(words)]
                done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=True)
                output = done.stdout
            return f"$ {line}\n{output}"

        return re.sub(r"(?<=^```console\n).*?(?=^```$)", block, page, flags=re.MULTILINE | re.DOTALL)


def tables(measured: dict[str, Any], constants: Constants) -> str:
    """Return the tables of the page: the errors on what was held out, and predicted against measured."""
    tried = {
        name + ("" if name in constants.targets else ", with the constants of its core"): of_target
        for name, of_target in measured["targets"].items()
    }
    versions = dict.fromkeys([each[what] for what in ("toolchain", "emulator") for each in tried.values()])
    packages = ", ".join(f"{name} {number}" for name, number in constants.made_with.items())
    count = max(len(each["models"]) for each in tried.values())
    some = f" (on {', '.join(SOME)} {2 * FEW} small ones of each kind)"
    lines = [
        f"{count} models on each target that has room for them{some}. Made with {'; '.join(versions)}; {packages}.",
        "",
    ]
    lines += [
        "### Errors on the held-out half",
        "",
        "Instructions, in percent: median / 95th percentile / greatest.",
        "",
    ]
    lines += markdown(["", *tried], _errors(list(tried.values()), constants))
    lines += ["", "Flash and heap of the same models, greatest error in percent.", ""]
    lines += markdown(["", *tried], _byte_errors(list(tried.values()), constants))
    lines += ["", "### Errors on models of TinyMaix", ""]
    lines += [
        "Of held-out models made here, errors as above; of TinyMaix's own, what they took and the error in percent.",
        "",
    ]
    lines += markdown(["", *count_tinymaix.TARGETS], _of_tinymaix())
    lines += ["", "### Predicted against measured", "", "![Predicted against measured](images/costs.svg)", ""]
    lines += ["", "### Measured, and error of the prediction in percent", ""]
    lines += [
        "Held-out models only; instructions of one run. –: there is no room for it, or it was not measured there.",
        "",
    ]
    lines += markdown(["", *tried], _pairs(list(tried.values()), constants))
    return "\n".join([*lines, ""])


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return ["| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows)]


def _errors(tried: Sequence[dict[str, Any]], constants: Constants) -> Iterator[list[str]]:
    all_of_them: list[list[float]] = [[] for _ in tried]
    for kind in points(tried[0]):
        for guessed in (False, True) if kind.startswith("trees") else (False,):
            row = [kind + (", visits guessed" if guessed else "")]
            for number, of_target in enumerate(tried):
                costs = constants_of(of_target, constants).stages[kind].terms
                held_out = [each for each in points(of_target).get(kind, ()) if each.held_out]
                found = [abs(error(each, costs, guessed=guessed)) for each in held_out]
                row.append(_spread(found))
                all_of_them[number] += [] if guessed else found
            yield row
    yield ["all, visits known", *map(_spread, all_of_them)]


def _spread(errors: Sequence[float]) -> str:
    # The 95th percentile of few models is between the two greatest errors.
    return "–" if not errors else f"{median(errors):.2f} / {np.percentile(errors, 95):.2f} / {max(errors):.2f}"


def _byte_errors(tried: Sequence[dict[str, Any]], constants: Constants) -> Iterator[list[str]]:
    found = [byte_errors(of_target, constants_of(of_target, constants)) for of_target in tried]
    yield ["flash", *(f"{max(flash):.2f}" for flash, _ in found)]
    yield ["heap", *(f"{max(heap):.2f}" for _, heap in found)]


def _of_tinymaix() -> Iterator[list[str]]:
    found = [count_tinymaix.held_out(name) for name in count_tinymaix.TARGETS]
    for kind, of_first in found[0].items():
        made = [name for name in of_first if " | " in name]
        errors = ([abs(of_kind[kind][name][1]) for name in made] for of_kind in found)
        yield [f"{len(made)} models, {kind.removeprefix('tinymaix_')}", *map(_spread, errors)]
        for name in (each for each in of_first if each not in made):
            pairs = (of_kind[kind][name] for of_kind in found)
            yield [name, *(f"{took:,.0f} ({off:+.1f})" for took, off in pairs)]


def byte_errors(of_target: dict[str, Any], constants: TargetConstants) -> tuple[list[float], list[float]]:
    """Return by how much flash and heap of each held-out model, with its module, are predicted wrong, in percent."""
    flash, heap = [], []
    for each in (each for each in of_target["models"] if each["held_out"]):
        taken = [each["module"], *each.get("others", [])]
        known = [constants.modules[name] for name, *_ in taken]
        data, of_object = each["predicted"]
        file = sum(module.file for module in known) + (data and data + known[0].around_data)
        flash.append(100 * abs(file / (sum(size for _, size, _ in taken) + each["file"]) - 1))
        imported = sum(module.heap for module in known) + of_object
        heap.append(100 * abs(imported / (sum(taken_of for *_, taken_of in taken) + each["heap"]) - 1))
    return flash, heap


def _pairs(tried: Sequence[dict[str, Any]], constants: Constants) -> Iterator[list[str]]:
    for kind, found in points(tried[0]).items():
        for point in (each for each in found if each.held_out):
            row = [point.model + {"trees_vote": ", vote", "trees_mean": ", mean"}.get(kind, "")]
            for of_target in tried:
                costs = constants_of(of_target, constants).stages[kind].terms
                same = [each for each in points(of_target).get(kind, ()) if each.model == point.model]
                # Plus 0: what rounds to nothing has no sign.
                pairs = [(each.instructions, round(error(each, costs), 2) + 0) for each in same]
                row += [f"{took:,.0f} ({off:+.2f})" for took, off in pairs] or ["–"]
            yield row


def with_kind(before: dict[str, Any], found: dict[str, Any], cases: Iterable[Case]) -> dict[str, Any]:
    """Return what was measured before with the models of one kind replaced, which were measured now."""
    kinds = {model["kind"] for model in found["models"]}
    models = [model for model in before["models"] if model["kind"] not in kinds] + found["models"]
    order = {case.name: number for number, case in enumerate(cases)}
    return {**found, "models": sorted(models, key=lambda model: order[model["model"]])}


def of_kind(cases: Iterable[Case], kind: str) -> list[Case]:
    """Return the models of one kind of stage. Raises ValueError, with all kinds, where there is none."""
    cases = list(cases)
    if not (found := [case for case in cases if case.stage.kind == kind]):
        kinds = ", ".join(sorted({case.stage.kind for case in cases}))
        raise ValueError(f"no model is of the kind {kind!r}; there are {kinds}.")
    return found


def main() -> None:
    """Measure what is asked for, and write everything that follows from it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", default=[], choices=[*TARGETS, *OTHERS, []])
    parser.add_argument("--kind", help="models of this kind of stage alone")
    parser.add_argument("--fit", action="store_true", help="measure nothing")
    asked = parser.parse_args()
    measured = json.loads(MEASURED.read_text(encoding="utf-8"))
    if not asked.fit:
        cases = all_cases()
        try:
            only = of_kind(cases, asked.kind) if asked.kind else cases
        except ValueError as error:
            parser.error(str(error))
        with tempfile.TemporaryDirectory() as logs:
            pool = BoardPool(Path(logs), timeout=120)
            try:
                for name in asked.targets or TARGETS:
                    target, some = load_target(name), some_of if name in SOME else list
                    before = measured["targets"].get(name)
                    # With another firmware or tool the others are to be measured again as well.
                    facts = provenance(target, pool).items()
                    if asked.kind and before and all(before[what] == it for what, it in facts):
                        measured["targets"][name] = with_kind(before, measure(target, some(only), pool), cases)
                    else:
                        measured["targets"][name] = measure(target, some(cases), pool)
                    print(f"{name}: {len(measured['targets'][name]['models'])} models", flush=True)
            finally:
                pool.close()
        measured |= {"made_with": made_with()}
        measured["targets"] = {
            name: measured["targets"][name] for name in (*TARGETS, *OTHERS) if name in measured["targets"]
        }
        MEASURED.write_text(written(measured), encoding="utf-8")
    constants = fitted(measured)
    FILE.write_text(dumped(constants), encoding="utf-8")
    PAGE.write_text(with_outputs(page_with(tables(measured, constants))), encoding="utf-8")
    draw(
        {name: points(of_target) for name, of_target in measured["targets"].items()},
        lambda name: constants_of(measured["targets"][name], constants),
        digest(written(measured)),
    )


if __name__ == "__main__":
    main()
