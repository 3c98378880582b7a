"""The command ``estimate``: what models and signal processing will take on a target, before there is code for it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar, cast

import typer

from mpy_harness.cli.options import AsJson, known_parts
from mpy_harness.cli.status import GUEST_FAILED
from mpy_harness.cli.sweeping import Sweep
from mpy_harness.costs import melspec, network_file, tinymaix_file, tree_file
from mpy_harness.costs.dsp import DSP
from mpy_harness.costs.limits import Limits, read_bytes, read_seconds
from mpy_harness.costs.named import load_arrays
from mpy_harness.costs.prediction import CostEstimate, of_stages, stages
from mpy_harness.costs.trees import LeafBits
from mpy_harness.reports.estimate_table import estimate_data, estimate_lines
from mpy_harness.targets import DEFAULT_TARGET, Part, load_part

_MODELS = (
    "Files of joblib's or module:object with a model or pipeline of scikit-learn (both run code: name only your own), "
    "emlearn's .csv, .h and .c files, TinyMaix's .tmdl and .h, a network's description in .toml or .json, and stages: "
    f"{', '.join((*DSP, melspec.NAME))}, as in fir:taps=64,rate=16000. "
    "Several are a pipeline."
)
_DATA = (*tree_file.SUFFIXES, *network_file.SUFFIXES, tinymaix_file.SUFFIX)  # files that are read, not run

Number = TypeVar("Number", int, float)


def command(
    models: Annotated[list[str], typer.Argument(metavar="MODEL...", help=_MODELS)],
    *,
    target: Annotated[
        list[str] | None, typer.Option("--target", metavar="NAME", help="Target, more than once for several.")
    ] = None,
    part: Annotated[
        list[str] | None,
        typer.Option(
            "--part",
            metavar="PART",
            help="A chip instead of a target: its clock, RAM and memories. More than once for several.",
            autocompletion=known_parts,
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            metavar="DATA",
            help="Samples that tell how many nodes are visited: a .npy file, or module:object. For --sweep, an object "
            "that is (samples, classes).",
        ),
    ] = None,
    leaf_bits: Annotated[
        int, typer.Option(help="0: trees vote, as emlearn's default. 8: their shares are averaged.")
    ] = 0,
    rate: Annotated[
        float | None, typer.Option(min=0, help="Samples, or things to classify, in a second; for the first stage.")
    ] = None,
    clock: Annotated[
        float | None, typer.Option(min=1, max=10_000, help="MHz, instead of the target's or the part's.")
    ] = None,
    ram: Annotated[str | None, typer.Option(metavar="BYTES", help="How much heap there is: 32K.")] = None,
    flash: Annotated[str | None, typer.Option(metavar="BYTES", help="How much flash there is: 64K.")] = None,
    time: Annotated[str | None, typer.Option(metavar="TIME", help="How long one run of all may take: 20ms.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--sweep",
            metavar="NAME=VALUE,...",
            help="Train the model with each of these values, and tell what each takes. More settings may follow.",
        ),
    ] = None,
    plot_file: Annotated[
        Path | None, typer.Option("--plot", dir_okay=False, help="Draw a sweep too: .svg, .png or .pdf.")
    ] = None,
    html_file: Annotated[
        Path | None,
        typer.Option("--html", dir_okay=False, help="Write a sweep as a page too, with what fits which part."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Estimate flash, heap, instructions and time of models; status 1 where they may not fit the limits."""
    limits = Limits(
        ram=_read(read_bytes, ram, "--ram"),
        flash=_read(read_bytes, flash, "--flash"),
        time=_read(read_seconds, time, "--time"),
    )
    if leaf_bits not in {0, 8}:
        raise typer.BadParameter(f"{leaf_bits} is neither 0 nor 8", param_hint="--leaf-bits")
    bits = cast("LeafBits", leaf_bits)
    chips = [load_part(name) for name in part or ()]
    wheres: list[str | Part] = [*(target or ([] if chips else [DEFAULT_TARGET])), *chips]
    hertz = None if clock is None else round(clock * 1e6)
    arrays = load_arrays(data) if data else ()
    if settings:
        if target and len(wheres) > 1:
            raise typer.BadParameter("is for one target, or for parts", param_hint="--sweep")
        if len(arrays) != 2:
            raise typer.BadParameter(
                "trains: name samples and classes, --data module:object that is a tuple of both", param_hint="--sweep"
            )
        wanted = Sweep(models, settings, arrays, bits, limits, hertz)
        wanted.run(wheres[0], chips, plot=plot_file, page=html_file, as_json=as_json)
        return
    _only_of_sweeps({"--plot": plot_file, "--html": html_file})
    for name in models:
        if Path(name).is_file() and not name.endswith(_DATA):
            print(f"mpy-harness: loading {name} runs the code that is in it.", file=sys.stderr)
    chain = stages(models, arrays[0] if arrays else None, bits)
    costs = [of_stages(chain, each, rate=rate, clock=hertz) for each in wheres]
    if as_json:
        print(json.dumps([estimate_data(each, limits) for each in costs], indent=1))
    else:
        print("\n".join(estimate_lines(costs, limits)))
    if _exceeded(costs, limits):
        raise typer.Exit(GUEST_FAILED)


def _read(read: Callable[[str], Number], text: str | None, option: str) -> Number | None:
    if text is None:
        return None
    try:
        return read(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None


def _only_of_sweeps(files: dict[str, Path | None]) -> None:
    for option, file in files.items():
        if file is not None:
            raise typer.BadParameter("is of a sweep: say what to try, --sweep NAME=VALUE,...", param_hint=option)


def _exceeded(costs: list[CostEstimate], limits: Limits) -> bool:
    return any(fit.verdict != "yes" for cost in costs for fit in limits.of(cost))
