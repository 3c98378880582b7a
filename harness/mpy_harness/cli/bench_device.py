"""The command ``bench-device``: how many multiply-adds, transforms, tree nodes a second a target does."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from mpy_harness import machines
from mpy_harness.board.natmod_loader import ModuleLoader
from mpy_harness.board.pool import BoardPool
from mpy_harness.cli.options import AsJson, GivenFirmware, MicroPython, PartName, chosen_target, known_targets
from mpy_harness.costs.constants import constants
from mpy_harness.costs.part_time import check_same_code
from mpy_harness.counting.instrument import Mode
from mpy_harness.firmware import toolchain
from mpy_harness.firmware.mpy_cross import mpy_cross
from mpy_harness.firmware.progress import shown
from mpy_harness.rates.bench import FORMS, Benchmark, measure
from mpy_harness.rates.kernels import DATA_TYPES, KERNELS
from mpy_harness.reports.rate_table import rate_data, rate_lines
from mpy_harness.targets import DEFAULT_TARGET, Target, load_part

_KERNELS = [kernel.name for kernel in KERNELS]


def command(
    *,
    target: Annotated[
        list[str] | None,
        typer.Option(
            "--target", metavar="NAME", help="Target, more than once for several.", autocompletion=known_targets
        ),
    ] = None,
    part: PartName = None,
    kernel: Annotated[
        list[str] | None,
        typer.Option("--kernel", metavar="NAME", help=f"Only this one, may be repeated: {', '.join(_KERNELS)}."),
    ] = None,
    data_type: Annotated[
        list[str] | None, typer.Option("--type", metavar="TYPE", help=f"Only of this type: {', '.join(DATA_TYPES)}.")
    ] = None,
    form: Annotated[
        list[str] | None, typer.Option("--form", metavar="FORM", help=f"Only this form: {', '.join(FORMS)}.")
    ] = None,
    inputs: Annotated[int, typer.Option(min=1, max=1000, help="How many inputs each kernel gets.")] = 20,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds for one input.")] = 60.0,
    as_json: AsJson = False,
    micropython: MicroPython = None,
    firmware: GivenFirmware = None,
) -> None:
    """Measure what signal processing and machine learning do most on a device: instructions exact, time estimated."""
    chosen = {
        "kernels": [each for each in KERNELS if each.name in _asked(kernel, _KERNELS, "--kernel")],
        "data_types": _asked(data_type, DATA_TYPES, "--type"),
        "forms": _asked(form, FORMS, "--form"),
        "inputs": inputs,
    }
    chip = load_part(part) if part else None
    usual = constants().of_part(chip)[0] if chip else DEFAULT_TARGET
    targets = [chosen_target(name) for name in dict.fromkeys(target or [usual])]
    if chip is not None:
        for each in targets:
            check_same_code(chip, each)
    with tempfile.TemporaryDirectory(prefix="mpy-harness-") as logs:
        pool = BoardPool(Path(logs), micropython=micropython, given_firmware=firmware, timeout=timeout)
        try:
            facts = []
            for number, each in enumerate(targets):
                with shown() as pool.progress:
                    found = of_target(each, pool, part=chip, **chosen)
                if as_json:
                    facts.append({**rate_data(each.name, found, chip), "provenance": provenance(each, pool, found)})
                else:
                    print(("\n" if number else "") + "\n".join(rate_lines(each.name, found, chip)), flush=True)
            if as_json:
                print(json.dumps(facts, indent=1))
        finally:
            pool.close()


def of_target(target: Target, pool: BoardPool, **chosen: Any) -> Benchmark:
    """Return what kernels take on a target, by classes of instructions where its machine counts them."""
    mode: Mode = "classes" if "classes" in machines.kind_of(target).modes else "count"
    board = pool.board(target, mode=mode)
    loader = ModuleLoader(board, micropython=pool.micropython, progress=pool.progress)
    return measure(board, loader, **chosen)


def provenance(target: Target, pool: BoardPool, found: Benchmark) -> dict[str, str]:
    """Return with what a target's figures are made: with a C compiler only where native modules are among them."""
    if any(call.form == "native" for call in found.calls):
        tools = toolchain.toolchain(toolchain.cross_prefix(target.natmod.arch), target.tools).facts()
    else:
        tools = {"mpy-cross": toolchain.version(mpy_cross(target.tools))}
    return {
        "core": target.core,
        "arch": target.natmod.arch,
        "micropython": target.tools,
        "firmware": pool.firmware(target).provenance.image_sha256,
        "toolchain": "; ".join(dict.fromkeys(version for tool, version in tools.items() if tool != "make")),
        "emulator": machines.kind_of(target).version(),
    }


def _asked(given: list[str] | None, known: Any, option: str) -> list[Any]:
    if unknown := [each for each in given or () if each not in known]:
        raise typer.BadParameter(f"{unknown[0]!r} is none of {', '.join(known)}", param_hint=option)
    return [each for each in known if not given or each in given]
