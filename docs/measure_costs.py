"""Measure what models cost on boards, fit the constants of estimates to half of them, and write docs/costs.md.

python -m docs.measure_costs            run all models on all targets, then write the constants and the page
python -m docs.measure_costs m33 m0     only on these targets; of the others is kept what was measured before
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
from docs.costed_front_ends import front_end_cases
from docs.costed_models import Case, dsp_cases, tree_cases
from docs.costed_networks import network_cases
from docs.costed_small import small_cases
from docs.costs_plot import digest, draw
from mpy_harness import machines
from mpy_harness.board.board import Board
from mpy_harness.board.natmod_loader import ModuleLoader
from mpy_harness.board.pool import BoardPool
from mpy_harness.costs.constants import FILE, Constants, Module, TargetConstants
from mpy_harness.costs.fitting import Point, error, fit, up
from mpy_harness.costs.small_models import FOLDERS
from mpy_harness.firmware import toolchain
from mpy_harness.firmware.mpy_cross import mpy_cross
from mpy_harness.targets import BoardSpec, Target, load_target

REPOSITORY = Path(__file__).resolve().parents[1]
MEASURED = REPOSITORY / "docs" / "costs-measured.json"
PAGE = REPOSITORY / "docs" / "costs.md"
BEGIN, END = "<!-- tables -->\n", "<!-- end of tables -->\n"
#: One of each core, and one whose core is among them: what is fitted to the first is tried on that other firmware.
TARGETS = ("m33", "m4", "m4-stm32", "m3", "m0", "m7", "rv32")
#: Where only some small models of each kind are measured: enough to tell what another firmware makes of it.
SOME = ("m4-stm32",)
#: Kinds that allocate while they run.
ALLOCATING = ("melspec",)
_FEW, _SMALL, _SHORT = 2, 6000, 8000

_BLOCK = 16  # bytes of the heap of a core of 32 bits
_GUEST = """
def run_all(times, thing, inputs{more}):
    for _ in range(times):
        for each in inputs:
            thing.{function}(each{more})
"""


def measure(target: Target, cases: Iterable[Case], pool: BoardPool) -> dict[str, Any]:
    """Return what cases take on a board: the difference between few runs and many, after some that give filters a past.

    What a request takes besides its runs depends on the heap. Cases that the board has no room for are left out.
    """
    board = pool.board(target, mode="classes")
    models = [_measured(case, board, target) for case in cases if _has_room(target, case)]
    return {**_facts(target, pool), "models": models}


def _facts(target: Target, pool: BoardPool) -> dict[str, Any]:
    """Return what the figures of a target depend on."""
    return {
        "core": target.core,
        "arch": target.natmod.arch,
        "micropython": target.built.micropython,
        "firmware": pool.firmware(target).provenance.image_sha256,
        "toolchain": "; ".join(_tools(target)),
        "emulator": machines.kind_of(target).version(),
    }


def some_of(cases: Iterable[Case]) -> list[Case]:
    """Return two small models of each kind that are held out, and two that are not."""
    found: dict[tuple[str, bool], list[Case]] = {}
    for case in cases:
        several = found.setdefault((case.stage.kind, case.held_out), [])
        size = case.stage.data + case.stage.heap + sum(array.nbytes for array in case.inputs)
        terms = case.stage.terms
        length = max(
            *(terms.get(term, 0) for term in ("product", "tap", "butterfly")), case.stage.sizes.get("products", 0)
        )
        if len(several) < _FEW and size < _SMALL and length < _SHORT:
            several.append(case)
    return [case for several in found.values() for case in several]


def _has_room(target: Target, case: Case) -> bool:
    # Two of the model and its arrays, and all inputs, in half of the heap: the rest is the harness's.
    board = target.built.board
    arrays = [*case.inputs, *([] if case.out is None else [case.out])]
    needed = 4 * case.stage.heap + 2 * case.stage.data + sum(array.nbytes for array in arrays)
    return isinstance(board, BoardSpec) and needed < board.heap // 2


def _tools(target: Target) -> Iterable[str]:
    tools = toolchain.toolchain(toolchain.cross_prefix(target.natmod.arch), target.tools).facts()
    return dict.fromkeys(version for tool, version in tools.items() if tool != "make")


def _measured(case: Case, board: Board, target: Target) -> dict[str, Any]:
    board.soft_reset()
    # Imported before anything else: what an import takes has names in it, and room for them that others may have left.
    module, *others = [_imported(each, board, target) for each in case.stage.uses]
    more = {each: array for each, array in (("model", case.model), ("out", case.out)) if array is not None}
    board.exec(_GUEST.format(function=case.function, more="".join(f", {each}" for each in more)))
    board.exec("import " + ", ".join(case.stage.uses) + case.setup)
    heap, create = 0, case.create or f"{case.stage.module}.new"
    if case.new:
        # Objects take whole blocks; what is left over of the mean is the list of them.
        heap = int(board.heap.of(create, *case.new, count=3)) // _BLOCK * _BLOCK
    if case.new and case.model is None:
        thing = board.call(create, *case.new)
    else:
        thing = board.call("__import__", case.stage.module)
    words = (thing, case.inputs, *more.values())
    board.call("run_all", 1, *words)
    few = 1 if case.enough else 0
    before = _counted(board, few, *words)
    times = 1 << max(0, (case.enough // sum(before.values())).bit_length() - 1)
    often = _counted(board, few + times, *words)
    counts = {name: (often[name] - before.get(name, 0)) / times / len(case.inputs) for name in often}
    return {
        "kind": case.stage.kind,
        "model": case.name,
        "held_out": case.held_out,
        "terms": {name: _short(often) for name, often in case.stage.terms.items()},
        "guessed": case.guessed and {name: _short(often) for name, often in case.guessed.terms.items()},
        "sizes": dict(case.stage.sizes),
        "counts": {name: _short(number) for name, number in counts.items() if number > 0},
        "module": module,
        **({"others": others} if others else {}),
        "file": len(mpy_file(case.file, target)) if case.file else 0,
        "heap": heap,
        "predicted": [case.stage.data, case.stage.heap],
    }


def _counted(board: Board, *args: Any) -> dict[str, int]:
    with board.count(listed=False) as count:
        board.call("run_all", *args)
    assert count.exact
    return {**count.classes, **count.words}


def _imported(name: str, board: Board, target: Target) -> list[Any]:
    """Import a module of the repository; return its name, the bytes of its file and those that it takes of the heap."""
    folder = REPOSITORY / FOLDERS[name] if name in FOLDERS else None
    if folder is not None and (source := folder / f"{name}.py").is_file():
        compiled = mpy_file(source.read_bytes(), target)
        board.files.put(compiled, f"/{name}.mpy")
        board.import_module(name, f"/{name}.mpy")
        return [name, len(compiled), board.heap.imports[name]]
    module = ModuleLoader(board)(folder or name)
    assert module.build is not None
    return [name, module.build.path.stat().st_size, module.heap]


def _short(number: float) -> float:
    # What is left of rounding is nothing: it differs from machine to machine.
    number = round(number, 9)
    return int(number) if number == int(number) else float(f"{number:.8g}")


def mpy_file(source: bytes, target: Target) -> bytes:
    """Return what mpy-cross makes of a source."""
    command: list[str | Path] = [mpy_cross(target.tools), "-s", "model.py", "-"]
    return subprocess.run(command, input=source, capture_output=True, timeout=60, check=True).stdout


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
    other: dict[str, list[float]] = {}
    for name, of_target in measured["targets"].items():
        if before := [each for each in targets.values() if _is_like(each, of_target)]:
            for point, costs in _with_costs(of_target, before[0]):
                kind = point.kind if point.kind in ALLOCATING else ""
                other.setdefault(kind, []).append(abs(error(point, costs)))
            continue
        facts = {key: value for key, value in of_target.items() if key != "models"}
        stages = {
            kind: fit(found, no_less_than_nothing=kind.startswith("network"))
            for kind, found in points(of_target).items()
        }
        modules = _modules(of_target["models"]) | count_tinymaix.modules(name)
        targets[name] = TargetConstants(**facts, modules=modules, stages=stages | count_tinymaix.stages(name))
    return Constants(
        made_with=measured["made_with"],
        other_firmware=up(max(other.pop(""))),
        other_firmware_of={k: up(max(v)) for k, v in other.items()},
        targets=targets,
    )


def _is_like(constants: TargetConstants, of_target: dict[str, Any]) -> bool:
    return (constants.core, constants.arch) == (of_target["core"], of_target["arch"])


def _with_costs(of_target: dict[str, Any], constants: TargetConstants) -> Iterator[tuple[Point, Any]]:
    for kind, found in points(of_target).items():
        yield from ((point, constants.stages[kind].terms) for point in found)


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
    some = f" (on {', '.join(SOME)} {2 * _FEW} small ones of each kind)"
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
    parser.add_argument("targets", nargs="*", default=[], choices=[*TARGETS, []])
    parser.add_argument("--kind", help="models of this kind of stage alone")
    parser.add_argument("--fit", action="store_true", help="measure nothing")
    asked = parser.parse_args()
    is_part = asked.targets or asked.kind or asked.fit
    measured = json.loads(MEASURED.read_text(encoding="utf-8")) if is_part else {"targets": {}}
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
                    if asked.kind and before and all(before[what] == it for what, it in _facts(target, pool).items()):
                        measured["targets"][name] = with_kind(before, measure(target, some(only), pool), cases)
                    else:
                        measured["targets"][name] = measure(target, some(cases), pool)
                    print(f"{name}: {len(measured['targets'][name]['models'])} models", flush=True)
            finally:
                pool.close()
        measured |= {"made_with": made_with()}
        measured["targets"] = {name: measured["targets"][name] for name in TARGETS if name in measured["targets"]}
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
