"""Not one count depends on the order of tests: the cases in several orders, alone and in two processes, compared.

Each run is a pytest of its own over ``cases/`` with the same target; the first, in the order of the files, is what the
others are compared with. It prints a row for each run, and ends with status 1 if any count differs; in the mode
"functions", also where the share of any function does.

    python benchmarks/orders.py [--target NAME] [--random N] [--alone N] [--counting MODE] [--short]
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mpy_harness.measurements.from_tests import INSTRUCTIONS
from mpy_harness.measurements.run import read_run
from mpy_harness.reports.table import aligned

ROOT = Path(__file__).parents[1]
SHORT = ("cases/filters/iir_forms", "cases/filters/fir_forms", "cases/transforms/dct")
RUN_SECONDS = 3600
_THIS = "benchmarks.orders"
Counts = dict[tuple[str, ...], int | float]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option by which this script tells pytest the order (as a plugin: ``-p benchmarks.orders``)."""
    parser.addoption("--order", default="files", help="files, reversed, random:SEED or alone:SEED (one test)")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the tests into that order."""
    kind, _, seed = config.getoption("--order").partition(":")
    if kind == "reversed":
        items.reverse()
    elif kind == "random":
        random.Random(seed).shuffle(items)
    elif kind == "alone":
        items[:] = [random.Random(seed).choice(items)]


def orders(shuffled: int, alone: int) -> Iterator[tuple[str, ...]]:
    """Return pytest's further arguments for each run; those of the first are what the others are compared with."""
    yield ("--order", "files")
    yield ("--order", "reversed")
    yield from (("--order", f"random:{seed}") for seed in range(shuffled))
    yield ("-n", "2")
    yield from (("--order", f"alone:{seed}") for seed in range(alone))


def counts(target: str, mode: str, paths: tuple[str, ...], arguments: tuple[str, ...]) -> Counts:
    """Return the counts of one run by case, and those of the functions in them."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "run.json")
        command = [sys.executable, "-m", "pytest", "-q", "-p", _THIS, "-p", "no:cacheprovider", "--target", target]
        done = subprocess.run(
            [*command, "--counting", mode, "--measurements", file, *arguments, *paths],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            check=False,
        )
        if done.returncode != 0:
            sys.exit(f"the cases did not pass with {' '.join(arguments)}:\n{done.stdout}{done.stderr}")
        found = [each for each in read_run(file).measurements if each.metric == INSTRUCTIONS]
    whole = {(each.case,): each.value for each in found}
    return whole | {(each.case, part.module, part.name): part.value for each in found for part in each.parts}


def main() -> int:
    """Run the cases in all orders and print what differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", default="m33")
    parser.add_argument("--random", type=int, default=3, help="so many shuffled orders")
    parser.add_argument("--alone", type=int, default=8, help="so many tests that run alone")
    parser.add_argument("--counting", default="functions", choices=("count", "classes", "functions"))
    parser.add_argument("--short", action="store_true", help="fewer cases and orders, for checks")
    options = parser.parse_args()
    paths, shuffled, alone = (SHORT, 1, 1) if options.short else (("cases",), options.random, options.alone)
    rows = [["order", "counts", "different"]]
    usual: Counts = {}
    worst = 0
    for arguments in orders(shuffled, alone):
        found = counts(options.target, options.counting, paths, arguments)
        usual = usual or found
        # One test that runs alone has no counts of the others.
        missing = [] if "alone" in arguments[-1] else usual.keys() - found.keys()
        other = [key for key, value in found.items() if usual.get(key) != value]
        worst = max(worst, len(missing))
        worst = max(worst, len(other))
        rows.append([" ".join(arguments), f"{len(found):,}", f"{len(other):,}"])
        for key in other:
            what = f"{' '.join(arguments)}: {' '.join(filter(None, key))}"
            print(f"{what}: {found[key]:,} in place of {usual.get(key, 0):,}")
        if not found:
            sys.exit("nothing was counted, so nothing was compared")
    print("\n".join(aligned(rows)))
    return 1 if worst else 0


if __name__ == "__main__":
    sys.exit(main())
