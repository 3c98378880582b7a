"""MicroPython's own native-module tests, run by this harness and by MicroPython's run-natmodtests.py.

Both run the tests of deflate, framebuf, heapq, random and re (``tests/extmod``) with the same .mpy
files on the same firmware image in the same QEMU, in one run; verdicts must agree, times are compared.
MicroPython's runner gets all files in one call, which is faster than its makefile's call a module.
It needs pyserial (``pip install pyserial``).

    python benchmarks/natmod_suite.py [--rounds N] [--short]
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from mpy_harness.board import Board
from mpy_harness.board.pool import BoardPool
from mpy_harness.errors import GuestException
from mpy_harness.firmware.image import firmware_for
from mpy_harness.firmware.natmods import build_natmod
from mpy_harness.firmware.progress import Progress, shown
from mpy_harness.firmware.sources import Source, micropython_source
from mpy_harness.reports.table import aligned
from mpy_harness.targets import DEFAULT_TARGET, Target, load_target

MODULES = {"deflate": "deflate*", "framebuf": "framebuf*", "heapq": "heapq*", "random": "random_basic*", "re": "re*"}
SHORT = ("heapq",)
RUNNER_SECONDS = 900


def tests_of(names: Sequence[str], source: Source) -> dict[str, list[Path]]:
    """Return the test files by module."""
    folder = source.path / "tests" / "extmod"
    return {name: sorted(folder.glob(f"{MODULES[name]}.py")) for name in names}


def truth(test: Path) -> str:
    """Return what a test must print: its .exp file, or what CPython prints."""
    expected = test.with_name(test.name + ".exp")
    if expected.is_file():
        return expected.read_text()
    return subprocess.run([sys.executable, "-BS", test], capture_output=True, text=True, timeout=60, check=True).stdout


def run_one(board: Board, module: Path, name: str, test: Path, expected: Future[str]) -> str:
    """Run one test on a fresh board with the .mpy under test in place of the built-in module."""
    board.soft_reset()
    board.files.put(module, "/injected/under_test.mpy")
    board.import_module("under_test", "/injected/under_test.mpy")
    board.exec(f"import sys\nsys.modules[{name!r}] = sys.modules['under_test']")
    try:
        output = board.exec(test.read_text(), name=test.name, timeout=60)
    except GuestException as error:
        output = error.output.replace("\r\n", "\n")
        if error.type != "SystemExit":
            return "fail"
    if output == "SKIP\n":
        return "skip"
    return "pass" if output == expected.result() else "fail"


def run_ours(
    target: Target, tests: dict[str, list[Path]], modules: dict[str, Path], boards: int
) -> tuple[float, dict[str, str]]:
    """Run all tests with this harness on some boards at a time, boots included; return seconds and verdicts.

    What CPython prints is found out beside that, by one process at a time, as for scripts that are compared.
    """
    waiting = deque((name, test) for name, files in tests.items() for test in files)
    verdicts: dict[str, str] = {}

    def work(logs: Path, expected: dict[Path, Future[str]]) -> None:
        pool = BoardPool(logs)
        try:
            board = pool.board(target)
            with contextlib.suppress(IndexError):  # none is left
                while True:
                    name, test = waiting.popleft()
                    verdicts[test.name] = run_one(board, modules[name], name, test, expected[test])
        finally:
            pool.close()

    with tempfile.TemporaryDirectory() as logs, ThreadPoolExecutor(boards) as workers, ThreadPoolExecutor(1) as cpython:
        started = time.perf_counter()
        expected = {test: cpython.submit(truth, test) for _, test in waiting}
        for done in [workers.submit(work, Path(logs, str(number)), expected) for number in range(boards)]:
            done.result()
        return time.perf_counter() - started, verdicts


def run_theirs(
    target: Target, image: Path, source: Source, tests: dict[str, list[Path]], modules: dict[str, Path]
) -> tuple[float, dict[str, str]]:
    """Run all tests with MicroPython's runner, boot included; return seconds and verdicts."""
    with tempfile.TemporaryDirectory() as temporary:
        # The runner looks for modules beside its own folder, and Python writes its bytecode beside the scripts that it
        # imports: copies, so that the source in the cache stays as it is.
        root = Path(temporary)
        for name in ("tests", "tools"):
            shutil.copytree(source.path / name, root / name)
        for name, path in modules.items():
            place = root / "examples" / "natmod" / name / f"{name}_{target.natmod.arch}.mpy"
            place.parent.mkdir(parents=True)
            shutil.copy(path, place)
        emulator = (
            f"{target.machine['binary']} -machine {target.machine['machine']} -display none -monitor none -nic none "
            f"-serial pty -kernel {image}"
        )
        files = [f"extmod/{test.name}" for names in tests.values() for test in names]
        command = [sys.executable, "run-natmodtests.py", "-p", "-d", f"execpty:{emulator}", "-r", str(root / "results")]
        started = time.perf_counter()
        done = subprocess.run(
            [*command, *files], cwd=root / "tests", capture_output=True, text=True, timeout=RUNNER_SECONDS, check=False
        )
        seconds = time.perf_counter() - started
    verdicts = {}
    for line in done.stdout.splitlines():
        verdict, _, rest = line.partition("  ")
        if verdict.strip() in {"pass", "FAIL", "SKIP", "LRGE"}:
            verdicts[Path(rest.strip().split(" ")[0]).name] = verdict.strip().lower()
    if len(verdicts) != len(files):
        raise SystemExit(
            f"run-natmodtests.py gave {len(verdicts)} verdicts for {len(files)} tests:\n{done.stdout}{done.stderr}"
        )
    return seconds, verdicts


def build(names: Sequence[str], target: Target, source: Source, progress: Progress) -> dict[str, Path]:
    """Build MicroPython's example modules for the target."""
    folder = source.path / "examples" / "natmod"
    return {
        name: build_natmod(
            folder / name, target.natmod.arch, source=source, micropython=source.version, progress=progress
        ).path
        for name in names
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--rounds", type=int, default=1, help="times each runner runs, turn about; the best counts (default 1)"
    )
    parser.add_argument("--short", action="store_true", help="one module's tests: whether it runs, no figures")
    options = parser.parse_args()
    names = SHORT if options.short else tuple(MODULES)
    target = load_target(DEFAULT_TARGET)
    with shown() as progress:
        source = micropython_source(target.firmware.micropython, progress=progress)
        image = firmware_for(target, progress=progress).elf
        modules = build(names, target, source, progress)
    tests = tests_of(names, source)
    runners: dict[str, Callable[[], tuple[float, dict[str, str]]]] = {
        "run-natmodtests.py": lambda: run_theirs(target, image, source, tests, modules),
        "mpy-harness, one board": lambda: run_ours(target, tests, modules, 1),
        "mpy-harness, two boards": lambda: run_ours(target, tests, modules, 2),
    }
    best = dict.fromkeys(runners, float("inf"))
    verdicts: dict[str, dict[str, str]] = {}
    for _ in range(options.rounds):
        for name, runner in runners.items():
            seconds, verdicts[name] = runner()
            best[name] = min(best[name], seconds)
    theirs = verdicts["run-natmodtests.py"]
    rows = [["runner", "pass", "skip", "fail", "seconds", "times as fast"]]
    differing = []
    for name, found in verdicts.items():
        counts = [str(sum(value == verdict for value in found.values())) for verdict in ("pass", "skip", "fail")]
        rows.append([name, *counts, f"{best[name]:.2f}", f"{best['run-natmodtests.py'] / best[name]:.1f}"])
        differing += [
            f"{test}: {found.get(test)}, not {theirs[test]}" for test in theirs if found.get(test) != theirs[test]
        ]
    print("\n".join(aligned(rows)))
    print("\nverdicts differ:\n" + "\n".join(differing) if differing else "\nverdicts agree")
    sys.exit(bool(differing))


if __name__ == "__main__":
    main()
