"""Other people's programs whose time on a chip is published: what one turn of each takes, by class."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from mpy_harness.board.pool import BoardPool
from mpy_harness.counting.count import Count
from mpy_harness.programs.build import build_program
from mpy_harness.programs.program import CProgram
from mpy_harness.targets import load_target

DFT, COREMARK, TINYMAIX = "DFT, 1024 points", "CoreMark", "TinyMaix cifar10"
#: The target on which a program is counted for a core, whose code is the same.
TARGETS = {"cortex-m0plus": "m0", "cortex-m4": "m4", "cortex-m7": "m7", "cortex-m33": "m33"}

_SETUP = """
import array, math
from uctypes import addressof
re = array.array('f', (math.sin(0.3 * n) for n in range(1024)))
im = array.array('f', bytes(4096))
numbers = array.array('f', bytes(8 * (10 + 1 + 7)))
numbers[0], numbers[12], numbers[14] = 1.0, 1.0 / 1024, -1.0
real, at = -1.0, 16
for n in range(10):
    numbers[at + 1], real = math.sqrt((1 - real) / 2), math.sqrt((1 + real) / 2)
    numbers[at] = real
    at += 2
control = array.array('i', (1024, 10, addressof(re), addressof(im), 56, addressof(numbers)))
samples = array.array('i', (int(1000 * x) for x in re))
def run():
    icopy(samples, re, 1024)
    setarray(im, 0, 1024)
    fft(control, 1)
"""
_MAIX_MAIN = """
#include "tinymaix.h"
#include "tools/tmdl/cifar10_q.h"
#include "examples/cifar10/pic/pic2.h"
static uint8_t buffer[MDL_BUF_LEN];
static tm_err_t nothing(tm_mdl_t *model, tml_head_t *layer) { return model && layer ? TM_OK : TM_ERR; }
int main(void) {
    tm_mdl_t model;
    tm_mat_t picture = {3, 32, 32, 3, {(mtype_t *)pic}}, in = {3, 32, 32, 3, {0}}, outs[1];
    if (tm_load(&model, mdl_data, buffer, nothing, &in) != TM_OK) return 1;
    for (int turn = 0; turn < TURNS; turn++) {
        if (tm_preprocess(&model, TMPP_UINT2INT, &picture, &in) != TM_OK) return 2;
        if (tm_run(&model, &in, outs) != TM_OK) return 3;
    }
    return 0;
}
"""


def count_all(dft: Path, coremark: Path, maix: Path) -> dict[str, Any]:
    """Return what one turn of each program takes on each core, by class, and how many bytes its code has."""
    found: dict[str, Any] = {name: {} for name in (DFT, COREMARK, TINYMAIX)}
    with tempfile.TemporaryDirectory() as folder:
        main = Path(folder, "main.c")
        main.write_text(_MAIX_MAIN, encoding="utf-8")
        core = [coremark / f"core_{name}.c" for name in ("main", "list_join", "matrix", "state", "util")]
        programs = {
            COREMARK: (
                [*core, coremark / "simple" / "core_portme.c"],
                [coremark, coremark / "simple"],
                ["-DPERFORMANCE_RUN=1", '-DFLAGS_STR="-O3"', "-DITERATIONS=TURNS"],
            ),
            TINYMAIX: (
                [main, maix / "src" / "tm_model.c", maix / "src" / "tm_layers.c"],
                [maix, maix / "include", maix / "src"],
                [],
            ),
        }
        for core_name, target in TARGETS.items():
            if core_name != "cortex-m0plus":  # its instructions are those of an FPU
                found[DFT][core_name] = _of_dft(dft, target, Path(folder))
            for name, (sources, include, flags) in programs.items():
                found[name][core_name] = _of_c(target, sources, include, flags, Path(folder))
    return found


def _of_dft(checkout: Path, target: str, folder: Path) -> dict[str, Any]:
    pool = BoardPool(folder, timeout=60)
    try:
        board = pool.board(load_target(target), mode="classes")
        # What dftbench.py times, whose figures are published: samples become floats, and the imaginary parts 0, before.
        source = "".join((checkout / name).read_text(encoding="utf-8") for name in ("dft.py", "window.py"))
        board.exec(source + _SETUP)
        board.call("run")
        with board.count(listed=False) as count:
            board.call("run")
        assert count.exact
        # Of assembler: an instruction a line at most.
        return {"code": 4 * len(source.splitlines()), "counts": _counts(count)}
    finally:
        pool.close()


def _of_c(target: str, sources: list[Path], include: list[Path], flags: list[str], folder: Path) -> dict[str, Any]:
    # Two turns less one: what is done once is in neither.
    counts, code = [], 0  # with the program's constants
    for turns in (1, 2):
        built = build_program(
            load_target(target),
            sources,
            folder / "program",
            include=include,
            cflags=["-O3", *flags, f"-DTURNS={turns}"],
            ldflags=["-u", "_printf_float"],
        )
        program = CProgram(built, folder / "log", "classes", 120.0)
        done = program.run()
        assert done.count is not None
        assert done.count.exact
        counts.append(_counts(done.count))
        code = program.own["flash"]
    first, second = counts
    return {"code": code, "counts": {name: second[name] - first.get(name, 0) for name in second}}


def _counts(count: Count) -> dict[str, int]:
    return {name: number for name, number in {**count.classes, **count.words}.items() if number}
