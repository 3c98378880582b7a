"""How much of the decoder's C code the tests of its answers execute, told at the end of a run.

``pytest -p tests.decode.gcov``, as .ci/run does; without, nothing is measured. The program that runs every half-word is
left out: it executes all, and compares nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

_ENVIRONMENT = "MPY_HARNESS_TEST_GCOV"  # the folder for what gcc and its code write, for xdist's workers as well

#: Code that a measured library needs: its counts are written when this is called, not when a process happens to end.
FLUSH = "void __gcov_dump(void); void flush(void); void flush(void) { __gcov_dump(); }\n"


def folder() -> Path | None:
    """Return a new folder to compile into, None where nothing is measured."""
    parent = os.environ.get(_ENVIRONMENT)
    return Path(tempfile.mkdtemp(dir=parent)) if parent else None


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        os.environ[_ENVIRONMENT] = tempfile.mkdtemp(prefix="mpy-harness-gcov-")


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ.pop(_ENVIRONMENT))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    lines, branches = _executed(Path(os.environ[_ENVIRONMENT]).glob("*/*.gcda"))
    if lines:
        terminalreporter.write_line(
            f"Decoder of instructions in C: {_share(lines)} of lines, {_share(branches)} of branches"
        )


def _executed(files: Iterable[Path]) -> tuple[list[int], list[int]]:
    # Each worker has compiled and counted on its own: the counts of a line, or branch, are added.
    lines: dict[tuple[str, int], int] = defaultdict(int)
    branches: dict[tuple[str, int, int], int] = defaultdict(int)
    for file in files:
        for source in _read(file):
            for line in source["lines"]:
                place = source["file"], line["line_number"]
                lines[place] += line["count"]
                for number, branch in enumerate(line["branches"]):
                    branches[(*place, number)] += branch["count"]
    return list(lines.values()), list(branches.values())


def _read(file: Path) -> list[dict[str, Any]]:
    command = ["gcov", "--json-format", "--branch-probabilities", "--stdout", file.name]
    done = subprocess.run(command, cwd=file.parent, capture_output=True, timeout=60, check=True)
    sources: list[dict[str, Any]] = json.loads(done.stdout)["files"]
    return [source for source in sources if "/plugin_c/" in source["file"]]


def _share(counts: list[int]) -> str:
    return f"{100 * sum(count > 0 for count in counts) / len(counts):.1f} %"
