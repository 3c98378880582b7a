"""How long ``mpy-harness estimate`` takes: a process of its own for each model, with an empty cache.

The aim is 10 s for each. It is judged by processor time, of the command and of all that it starts, which what else this
computer does hardly changes; the elapsed time is told beside it.

    python benchmarks/estimate.py [--short]
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import joblib
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.neural_network import MLPClassifier

from mpy_harness.firmware import cache
from mpy_harness.reports.table import aligned

AIM = 10.0
PARTS = ("--part", "rp2040", "--part", "rp2350", "--part", "esp32c3")
CHAIN = ("fir:taps=64,rate=16000", "iir:sections=3", "fft:n=256")
TIMEOUT = 600


def models(folder: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what is estimated, and the command's words for it."""
    digits, classes = load_digits(return_X_y=True)
    yield "fir, iir, fft", CHAIN
    for name, model in (
        ("forest, 100 trees", RandomForestClassifier(100, random_state=1)),
        ("network, 64 wide", MLPClassifier((64,), max_iter=200, random_state=1)),
    ):
        file = folder / f"{type(model).__name__}.joblib"
        joblib.dump(model.fit(digits, classes), file)
        yield name, (str(file),)


def measured(words: tuple[str, ...], folder: Path) -> tuple[float, float]:
    """Return processor time and elapsed time of a command, in seconds."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "mpy_harness", "estimate", *words, *PARTS],
        check=True,
        capture_output=True,
        timeout=TIMEOUT,
        cwd=folder,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, time.perf_counter() - start


def main() -> int:
    """Estimate, print the table, and fail where it took longer than it may."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="the first alone, for checks")
    options = parser.parse_args()
    worst = 0.0
    rows = [["model", "processor time", "elapsed"]]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for model, words in models(folder):
            os.environ[cache.ENVIRONMENT] = str(folder / model)
            used, elapsed = measured(words, folder)
            worst = max(worst, used)
            rows.append([model, f"{used:.1f} s", f"{elapsed:.1f} s"])
            if options.short:
                break
    print("\n".join(aligned(rows)))
    print(f"the longest took {worst:.1f} s of the processor; the aim is {AIM:.0f} s")
    return 1 if worst > AIM else 0


if __name__ == "__main__":
    sys.exit(main())
