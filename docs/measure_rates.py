"""Run mpy-harness bench-device on targets, and write docs/device-benchmark.md, its data and its plot.

python -m docs.measure_rates            all targets of one core each, then the page
python -m docs.measure_rates m33 m0     only these; of the others is kept what was measured before
python -m docs.measure_rates --page     the page again, from what was measured (docs/rates-measured.json)
python -m docs.measure_rates --check    only tell whether page and plot are of what was measured; status 1 if not
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from docs.measure_costs import BEGIN, END, markdown
from mpy_harness.board.pool import BoardPool
from mpy_harness.cli.bench_device import of_target, provenance
from mpy_harness.costs.cycles import ASKED, BESIDE, estimate
from mpy_harness.errors import ToolMissing
from mpy_harness.firmware import toolchain
from mpy_harness.rates.bench import FORMS
from mpy_harness.rates.kernels import DATA_TYPES, KERNELS
from mpy_harness.reports.drawing import drawing
from mpy_harness.reports.rate_table import figure, rate_data
from mpy_harness.targets import Target, available_parts, load_part, load_target

FOLDER = Path(__file__).parent
MEASURED = FOLDER / "rates-measured.json"
PAGE = FOLDER / "device-benchmark.md"
PLOT = FOLDER / "images" / "rates.svg"
#: One of each core, from the least to the one that can most.
TARGETS = ("m0", "m3", "m4", "m33", "m7", "m55", "rv32")
#: Those that are measured where their emulators are.
OTHERS = ("esp32", "esp32s3", "esp32c3", "renode-m33", "renode-stm32f4")

# matplotlib has ten colors, which it begins again with.
_COLORS = (*(f"C{number}" for number in range(10)), "black", "gold", "navy", "lime")
_LEGEND_COLUMNS = 6

Rates = dict[tuple[str, str, str], dict[str, Any]]
Measured = Mapping[str, dict[str, Any]]


def measure(name: str, **chosen: Any) -> dict[str, Any]:
    """Return what kernels take on a target, with its provenance."""
    target = load_target(name)
    with tempfile.TemporaryDirectory() as logs:
        pool = BoardPool(Path(logs), timeout=300)
        try:
            found = of_target(target, pool, **(_forms(target) | chosen))
            facts = provenance(target, pool, found)
            facts["emulator"] = facts["emulator"].partition(", /")[0]  # without where it is on this computer
            return short({"provenance": facts, **rate_data(name, found)})
        finally:
            pool.close()


def _forms(target: Target) -> dict[str, Any]:
    # Of those that are not measured everywhere, what can be without their compilers is worth having.
    try:
        toolchain.toolchain_for(target.natmod.arch, target.tools)
    except ToolMissing as missing:
        if target.name not in OTHERS:
            raise
        print(f"{target.name}: only bytecode is measured: {missing}", file=sys.stderr)
        return {"forms": ["python"]}
    return {}


def short(value: Any) -> Any:
    """Return data with as many digits of its floats as are worth keeping."""
    if isinstance(value, float):
        return int(value) if value == int(value) else float(f"{value:.7g}")
    if isinstance(value, dict):
        return {key: short(each) for key, each in value.items()}
    return [short(each) for each in value] if isinstance(value, list) else value


def written(measured: Measured) -> str:
    """Return the text of the file of what was measured: a line for each rate."""
    texts = []
    for name, found in measured.items():
        facts = json.dumps({key: value for key, value in found.items() if key != "rates"})[1:-1]
        rates = ",\n".join(f"  {json.dumps(each, ensure_ascii=False)}" for each in found["rates"])
        texts.append(f'"{name}": {{{facts}, "rates": [\n{rates}]}}')
    return "{" + ",\n".join(texts) + "}\n"


def by_kernel(found: Mapping[str, Any]) -> Rates:
    """Return the rates of a target by kernel, type of data and form."""
    return {(each["kernel"], each["data_type"], each["form"]): each for each in found["rates"]}


def tables(measured: Measured) -> str:
    """Return the tables of the page."""
    versions = dict.fromkeys(
        each["provenance"][what] for what in ("toolchain", "emulator") for each in measured.values()
    )
    lines = [f"{_inputs(measured)} inputs each. Made with {'; '.join(versions)}.", "", "![Rates](images/rates.svg)", ""]
    lines += ["### Instructions of one, native: mean ± standard deviation, 75th and 95th percentile", ""]
    lines += _table(measured, "native", _spread)
    lines += ["", "### Instructions of one, bytecode", ""]
    lines += _table(measured, "python", _spread)
    lines += ["", "### Estimated cycles of one, native", ""]
    lines += _table(measured, "native", lambda rate: figure(rate["cycles"]["mean"]) if rate["cycles"] else "–")
    lines += ["", "### In a second on a part, native and in bytecode, estimated", ""]
    lines += ["Without what code waits for memories; ± is that of the cycle model.", ""]
    lines += _parts(measured)
    if missing := [f"`{name}`" for name in OTHERS if name not in measured]:
        lines += ["", f"Not measured, because their emulators or compilers were not there: {', '.join(missing)}."]
    return "\n".join([*lines, ""])


def _inputs(measured: Measured) -> str:
    return " or ".join(dict.fromkeys(str(each["inputs"]) for each in measured.values()))


def _table(measured: Measured, form: str, cell: Callable[[dict[str, Any]], str]) -> list[str]:
    found = {name: by_kernel(each) for name, each in measured.items()}
    rows = [
        [f"{kernel.unit}, {kind}", *(_cell(rates.get((kernel.name, kind, form)), cell) for rates in found.values())]
        for kernel in KERNELS
        for kind in DATA_TYPES
    ]
    return markdown(["", *(f"`{name}`" for name in found)], rows)


def _cell(rate: dict[str, Any] | None, cell: Callable[[dict[str, Any]], str]) -> str:
    return "–" if rate is None else cell(rate)


def _spread(rate: Mapping[str, Any]) -> str:
    each = rate["instructions"]
    if not each["deviation"]:
        return figure(each["mean"])
    return f"{figure(each['mean'])} ± {figure(each['deviation'])} ({figure(each['p75'])}, {figure(each['p95'])})"


def _parts(measured: Measured) -> list[str]:
    # A machine that is the target's emulator in name alone, as Renode, tells no classes to estimate a time from.
    classed = {name: found for name, found in measured.items() if any(rate["classes"] for rate in found["rates"])}
    cores = {found["provenance"]["core"]: name for name, found in classed.items()}
    arches = {found["provenance"]["arch"]: name for name, found in reversed(list(classed.items()))}
    parts = [part for part in map(load_part, available_parts()) if part.cycles is not None]
    sources = {part.name: cores.get(part.core) or arches.get(part.arch, "") for part in parts}
    rates = {name: by_kernel(found) for name, found in measured.items()}
    in_c = {name for name, found in rates.items() if any(form == "native" for _, _, form in found)}
    shown = [part for part in parts if sources[part.name] in in_c]
    head = ["", *(f"{part.name}, {part.clock.value / 1e6:g} MHz" for part in shown)]
    rows = [["counted on", *(f"`{sources[part.name]}`" for part in shown)]]
    for kernel in KERNELS:
        for kind in DATA_TYPES:
            row = [f"{kernel.unit}, {kind}"]
            for part in shown:
                assert part.cycles is not None
                forms = [rates[sources[part.name]][kernel.name, kind, form] for form in FORMS]
                row.append(" / ".join(_prefixed(_per_second(each, part.cycles)) for each in forms))
            rows.append(row)
    return markdown(head, rows)


def _per_second(rate: Mapping[str, Any], model: Any) -> float:
    taken = {**dict.fromkeys(ASKED, 0), **rate["classes"]}
    total = sum(number for kind, number in rate["classes"].items() if kind not in BESIDE)
    units = total / rate["instructions"]["mean"]  # nearly: the mean is of ratios where the units differ
    return units * model.clock / estimate(taken, model).cycles


def _prefixed(number: float) -> str:
    scale, prefix = next(((each, text) for each, text in ((1e6, " M"), (1e3, " k")) if number >= each), (1, ""))
    return f"{number / scale:.3g}{prefix}"


def digest(measured: Measured) -> str:
    """Return what tells one set of figures from another, for the plot."""
    return hashlib.sha256(written(measured).encode()).hexdigest()


def draw(measured: Measured, file: Path = PLOT) -> None:
    """Draw instructions of one of each kernel, native, on all targets, and how much more bytecode takes."""
    names = list(measured)
    found = {name: by_kernel(each) for name, each in measured.items()}
    with drawing(file, 9, 6.5, description=digest(measured)) as figure_:
        for at, (form, title) in enumerate((("native", "native"), ("python", "bytecode"))):
            axes = figure_.add_subplot(2, 1, at + 1)
            for number, name in enumerate(names):
                rates = found[name]
                for marker, kind in zip("os^", DATA_TYPES, strict=True):
                    places = [
                        kernel + (number - (len(names) - 1) / 2) * 0.8 / len(names) for kernel in range(len(KERNELS))
                    ]
                    heights = [
                        rates[kernel.name, kind, form]["instructions"]["mean"]
                        if (kernel.name, kind, form) in rates
                        else float("nan")
                        for kernel in KERNELS
                    ]
                    axes.plot(places, heights, marker, markersize=3.5, color=_COLORS[number],
                              label=name if kind == "int16" else None)  # fmt: skip
            axes.set_yscale("log")
            axes.set_xticks(range(len(KERNELS)), [kernel.unit for kernel in KERNELS], fontsize=8)
            axes.set_ylabel("instructions of one")
            axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
            axes.set_title(f"{title}: int8 ●, int16 ■, float32 ▲", fontsize=9)
            axes.grid(axis="y", alpha=0.3)
            for edge in range(1, len(KERNELS)):
                axes.axvline(edge - 0.5, color="gray", linewidth=0.4)
        handles, labels = figure_.axes[0].get_legend_handles_labels()
        figure_.legend(handles, labels, ncols=_LEGEND_COLUMNS, fontsize=8, loc="outside upper center")


def page_with(measured: Measured) -> str:
    """Return the page with the tables of what was measured."""
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{tables(measured)}{END}{rest.partition(END)[2]}"


def stale(measured: Measured) -> list[str]:
    """Return what is not of these figures: the page, its plot."""
    has_plot = f"<dc:description>{digest(measured)}</dc:description>" in PLOT.read_text(encoding="utf-8")
    is_current = {PAGE.name: page_with(measured) == PAGE.read_text(encoding="utf-8"), PLOT.name: has_plot}
    return [name for name, current in is_current.items() if not current]


def main() -> None:
    """Measure what is asked for, and write what follows from it: after each target, as all take a while."""
    asked: Sequence[str] = sys.argv[1:]
    if asked == ["--check"]:
        if names := stale(json.loads(MEASURED.read_text(encoding="utf-8"))):
            sys.exit(f"not of docs/rates-measured.json: {', '.join(names)}. python -m docs.measure_rates --page")
        return
    known = json.loads(MEASURED.read_text(encoding="utf-8")) if asked and MEASURED.is_file() else {}
    for name in [] if asked == ["--page"] else asked or TARGETS:
        known[name] = measure(name)
        known = {each: known[each] for each in (*TARGETS, *OTHERS) if each in known}
        MEASURED.write_text(written(known), encoding="utf-8")
    PAGE.write_text(page_with(known), encoding="utf-8")
    draw(known)


if __name__ == "__main__":
    main()
