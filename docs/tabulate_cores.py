"""Write the tables of docs/cores.md: what some cases take on each core in QEMU, or in each release of MicroPython.

python docs/tabulate_cores.py [--releases RUN.json ...]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from mpy_harness.measurements.run import Measurement, Run, read_run
from mpy_harness.targets import DEFAULT_TARGET, load_target

REPOSITORY = Path(__file__).resolve().parents[1]
PAGE = REPOSITORY / "docs" / "cores.md"
BEGIN, END = "<!-- tables -->\n", "<!-- end of tables -->\n"
RELEASES_BEGIN, RELEASES_END = "<!-- releases -->\n", "<!-- end of releases -->\n"
#: The columns: of Arm, from the least core to the one that can most.
TARGETS = ("m0", "m3", "m4", "m4-stm32", "m33", "m55", "m7", "m7-dp", "rv32")
#: A case of each native module, its test, and the metric that judges it.
CASES = {
    "arrayutils/int16_to_float/every_kind": ("cases/conversions/arrayutils/workload.py::ArrayUtils", "ulp"),
    "fir/lowpass/noise": ("cases/filters/fir/workload.py::Fir", "snr"),
    "iir/a_weighting/noise": ("cases/filters/iir/workload.py::Iir", "snr"),
    "fft/complex_256/noise": ("cases/transforms/fft/workload.py::Fft", "snr"),
    "trees/digits_mean/full_scale": ("cases/classifiers/trees/workload.py::Trees", "probability"),
}
FORMS = ("native", "python")
#: MicroPython's own benchmarks, those that take no viper and no import (cases/interpreter/perf_bench).
BENCHMARKS = (
    *("bm_chaos", "bm_fannkuch", "bm_fft", "bm_float", "bm_hexiom", "bm_nqueens", "bm_pidigits", "bm_wordcount"),
    *("misc_aes", "misc_mandel", "misc_pystone", "misc_raytrace"),
)
BENCHMARK = "cases/interpreter/perf_bench/test_perf_bench.py::test_benchmark"
Figures = dict[tuple[str, str, str], Measurement]


def measure(file: Path, benchmarks: Sequence[str] = BENCHMARKS) -> None:
    """Run the cases and benchmarks on all targets and leave their measurements in a file."""
    cases = [
        f"{test}::test_case[{form}-{case.partition('/')[2]}-{target}]"
        for case, (test, _) in CASES.items()
        for form in FORMS
        for target in TARGETS
    ]
    _run(file, TARGETS, [*cases, *(f"{BENCHMARK}[{target}-{name}]" for target in TARGETS for name in benchmarks)])


def _run(file: Path, targets: Sequence[str], tests: Sequence[str]) -> None:
    chosen = [word for target in targets for word in ("--target", target)]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        *chosen,
        "--measurements",
        str(file),
        *tests,
    ]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=2400, check=False)
    if done.returncode != 0:
        raise SystemExit(done.stdout + done.stderr)


def tables(run: Run, benchmarks: Sequence[str] = BENCHMARKS) -> str:
    """Return the tables of a run, and with what it was made."""
    figures = {(each.target, each.case, each.metric): each for each in run.measurements}
    made_with = sorted({run.provenance[target].toolchain for target in TARGETS})
    titles = (
        "Instructions",
        "Instructions of MicroPython's own benchmarks",
        "Margin: what the metric gives, and its limit",
        "Native modules: bytes of the file, and of RAM when loaded",
    )
    parts = (_instructions(figures), _benchmarks(run, benchmarks), _margins(figures), _bytes(figures))
    text = [f"Made with {'; '.join(made_with)}.", ""]
    heads = [
        ["", *(f"`{target}`" for target in TARGETS)],
        ["", *(load_target(target).natmod.arch for target in TARGETS)],
    ]
    for title, rows in zip(titles, parts, strict=True):
        lines = [heads[0], ["---"] * (len(TARGETS) + 1), heads[1], *rows]
        text += [f"### {title}", "", *("| " + " | ".join(line) + " |" for line in lines), ""]
    return "\n".join(text)


def _instructions(figures: Figures) -> Iterator[list[str]]:
    for case in CASES:
        for form in FORMS:
            name = f"{case} ({form})"
            yield [name, *(f"{figures[target, name, 'instructions'].value:,}" for target in TARGETS)]


def _benchmarks(run: Run, benchmarks: Sequence[str]) -> Iterator[list[str]]:
    for name in benchmarks:
        yield [name, *(f"{_benchmark(run, target, name):,}" for target in TARGETS)]


def _benchmark(run: Run, target: str, name: str) -> float:
    return next(
        each.value
        for each in run.measurements
        if each.target == target and each.metric == "instructions" and each.case.endswith(name)
    )


def releases(runs: Sequence[Run]) -> str:
    """Return the table of the benchmarks in several releases, from a run of each."""
    names = [run.provenance[DEFAULT_TARGET].micropython for run in runs]
    rows = [[name, *(f"{_benchmark(run, DEFAULT_TARGET, name):,}" for run in runs)] for name in BENCHMARKS]
    lines = [["", *names], ["---"] * (len(names) + 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def of_release(page: str, release: str) -> dict[str, str]:
    """Return the figures that a page's table of releases has for one of them, by the benchmarks' names."""
    lines = page.partition(RELEASES_BEGIN)[2].splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if "|" in line]
    column = rows[0].index(release)
    return {row[0]: row[column] for row in rows[2:] if row[0] in BENCHMARKS}


def _margins(figures: Figures) -> Iterator[list[str]]:
    for case, (_, metric) in CASES.items():
        for form in FORMS:
            found = [figures[target, f"{case} ({form})", metric] for target in TARGETS]
            sign = "≥" if found[0].better == "higher" else "≤"
            yield [f"{case} ({form}), {metric}", *(f"{each.value:.3g} {sign} {each.limit:.3g}" for each in found)]


def _bytes(figures: Figures) -> Iterator[list[str]]:
    for case in CASES:
        name = f"natmods/{case.partition('/')[0]}"
        pairs = [[figures[target, name, metric].value for metric in ("file", "ram")] for target in TARGETS]
        yield [name.partition("/")[2], *(f"{file:,} / {ram:,}" for file, ram in pairs)]


def page_with(text: str, begin: str = BEGIN, end: str = END) -> str:
    """Return the page with these tables in it, between two of its lines."""
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(begin)
    return f"{before}{begin}\n{text}{end}{rest.partition(end)[2]}"


def main() -> None:
    """Write the page: what all targets take, measured now, or what given runs of several releases took."""
    if sys.argv[1:2] == ["--releases"]:
        text = releases([read_run(Path(name)) for name in sys.argv[2:]])
        PAGE.write_text(page_with(text, RELEASES_BEGIN, RELEASES_END), encoding="utf-8")
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "run.json")
        measure(file)
        PAGE.write_text(page_with(tables(read_run(file))), encoding="utf-8")


if __name__ == "__main__":
    main()
