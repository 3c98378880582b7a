"""MicroPython's own benchmarks, tests/perf_bench of the source that a target is built from: their instructions.

Each runs with the parameters that upstream's run-perfbench.py takes for a core of 100 MHz and 100 KB of heap, and must
give what CPython gives, or what the file beside it says. Those of other releases, or of a board that has more, are
other figures.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mpy_harness.board.board import Board
from mpy_harness.board.natmod_loader import ModuleLoader
from mpy_harness.errors import GuestException
from mpy_harness.firmware.sources import micropython_source

SECONDS = 120.0
BENCHMARKS = (
    *("bm_chaos", "bm_fannkuch", "bm_fft", "bm_float", "bm_hexiom", "bm_nqueens", "bm_pidigits", "bm_wordcount"),
    *("core_import_mpy_multi", "core_import_mpy_single", "core_locals", "core_qstr", "core_str", "core_yield_from"),
    *("misc_aes", "misc_mandel", "misc_pystone", "misc_raytrace"),
    *("viper_call0", "viper_call1a", "viper_call1b", "viper_call1c", "viper_call2a", "viper_call2b"),
)
#: What follows a benchmark's source, here and in CPython: a benchmark may have a global name `run` or `result`.
SETUP = """
_at = max(at for at in bm_params if 10 * at[0] <= 12 * 100 and at[1] <= 100)
_run, _result = bm_setup(bm_params[_at])
"""
RESULT = "print(_result()[1])\n"


@pytest.fixture
def folder(board: Board, natmod: ModuleLoader) -> Path:
    """Return the folder of the benchmarks, of the release that the board runs."""
    source = micropython_source(board.target.tools, given=natmod.micropython, progress=natmod.progress)
    return source.path / "tests" / "perf_bench"


def expected(file: Path, source: str) -> str:
    """Return what a benchmark is to give: what the file beside it says, or CPython gives."""
    beside = file.with_name(f"{file.name}.exp")
    if beside.is_file():
        return beside.read_text(encoding="utf-8")
    script = f"{source}{SETUP}_run()\n{RESULT}"
    command = [sys.executable, "-I", "-c", script]
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True).stdout


@pytest.mark.parametrize("name", BENCHMARKS)
def test_benchmark(name: str, board: Board, folder: Path) -> None:
    file = folder / f"{name}.py"
    if not file.is_file():
        pytest.skip(f"MicroPython {board.target.tools} has no benchmark {name}")
    source = file.read_text(encoding="utf-8")
    try:
        board.exec(source, name=file.name, timeout=SECONDS)
        board.exec(SETUP, timeout=SECONDS)
        with board.count(name):
            board.call("_run", timeout=SECONDS)
    except GuestException as error:
        if error.type == "MemoryError":
            pytest.skip(f"{board.target.name} has too little heap for it: {error}")
        if "invalid micropython decorator" in str(error) or "invalid arch" in str(error):
            pytest.skip(f"the firmware of {board.target.name} has no compiler of native code: {error}")
        raise
    got = board.exec(RESULT, timeout=SECONDS)
    if got != "None\n":
        assert got.strip() == expected(file, source).strip()
