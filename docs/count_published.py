"""Count the programs whose times others have published, and write docs/published-counted.json.

python -m docs.count_published ESP_DSP PICO_FLOAT_BENCH COREMARK AES FN_DSA ML_KEM KECCAK

The folders are checkouts of espressif/esp-dsp, tana/pico_float_bench, eembc/coremark, jnk0le/cortexm-AES,
pornin/c-fn-dsa, and two of pq-code-package/mlkem-native, of which the second is of its branch mve-keccak-x1.
MicroPython's benchmarks are those of the release that the targets are built from. It takes some ten minutes. What is
for the ESP32 needs its compiler, of GCC 14, and its emulator (docs/esp32.md).
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from cases.interpreter.perf_bench.test_perf_bench import SECONDS
from docs.count_esp_dsp import LX6, any_extension, in_assembler, lx6, on_risc_v, on_xtensa
from docs.count_m55 import fndsa, keccak, mlkem
from docs.count_without_waits import AES, COREMARK_LEVELS, Counted, aes, coremark_levels, run
from docs.count_without_waits import counts_of as _counts
from docs.measure_published import COUNTED
from mpy_harness.board.pool import BoardPool
from mpy_harness.errors import GuestException
from mpy_harness.firmware.progress import Silent
from mpy_harness.firmware.sources import micropython_source
from mpy_harness.targets import Target, load_target

#: Targets with the parameters of MicroPython's run-perfbench.py that the published tables name: MHz, and KB of heap.
BENCHMARKS = (("m4-stm32", 84, 80), ("m4-stm32", 170, 128), ("m4-stm32", 100, 100), ("m0", 100, 100), ("m33", 168, 100))
_CHOICE = """
_at = max((at for at in bm_params if 10 * at[0] <= 12 * {} and at[1] <= {}), default=None)
_run, _result = bm_setup(bm_params[_at]) if _at else (None, None)
"""
#: As its author compiled CoreMark, but for Zbkb, which GCC 12 has not; Debian's library is for cores without these.
_HAZARD3 = (
    *("-O3", "-march=rv32ima_zba_zbb_zbs", "-mbranch-cost=1", "-funroll-all-loops", "--param"),
    *("max-inline-insns-auto=200", "-finline-limit=10000", "-fno-code-hoisting", "-fno-if-conversion2"),
)
_FLOATS = """#include <math.h>
#include <stdlib.h>
#include "harness.h"
{functions}
static float numbers[4000];
int main(void) {{
    volatile float mean, variance;
    generate_gaussian(numbers, 4000);
    harness_start("mean");
    mean = calc_mean(numbers, 4000);
    harness_stop();
    harness_start("variance");
    variance = calc_variance(numbers, mean, 4000);
    harness_stop();
    (void)variance;
    return 0;
}}
"""


def benchmarks(target: Target, megahertz: int, kilobytes: int, folder: Path) -> Counted:
    """Return what those of MicroPython's benchmarks take that a target has room for, and the work of scores."""
    source = micropython_source(target.tools, given=None, progress=Silent()).path / "tests" / "perf_bench"
    pool, found = BoardPool(folder, timeout=SECONDS), Counted()
    try:
        for file in sorted(source.glob("[bcmv]*_*.py")):
            board = pool.board(target, mode="classes")
            try:
                board.exec(file.read_text(encoding="utf-8"), name=file.name, timeout=SECONDS)
                board.exec(_CHOICE.format(megahertz, kilobytes), timeout=SECONDS)
                if board.eval("_at is None"):
                    continue
                with board.count(listed=False) as count:
                    board.call("_run", timeout=SECONDS)
                norm = board.eval("_result()[0]")
            except GuestException:
                continue
            if count.exact:
                found[file.stem] = {"norm": norm, "counts": _counts(count)}
    finally:
        pool.close()
    return found


def float_bench(checkout: Path, target: str, folder: Path) -> Counted:
    """Return what pico_float_bench's means and variances take; its random numbers are another C library's."""
    sketch = (checkout / "float_bench_arduino" / "float_bench_arduino.ino").read_text(encoding="utf-8")
    functions = sketch[sketch.index("void generate_gaussian(") : sketch.index("void setup()")]
    main = folder / "main.c"
    main.write_text(_FLOATS.format(functions=functions), encoding="utf-8")
    count = run(load_target(target), [main], ["-Os", "-w"], folder)
    return {str(each.name): {"counts": _counts(each)} for each in count.regions}


def coremark(checkout: Path, folder: Path, flags: Sequence[str] = ("-O3",)) -> Counted:
    """Return what one turn of CoreMark takes on RV32IMC: two turns less one."""
    files = [checkout / f"core_{name}.c" for name in ("main", "list_join", "matrix", "state", "util")]
    files.append(checkout / "simple" / "core_portme.c")
    flags = [*flags, "-DPERFORMANCE_RUN=1", '-DFLAGS_STR="-O3"']
    one, two = (
        _counts(
            run(any_extension(folder), files, [*flags, f"-DITERATIONS={turns}"], folder, [checkout, files[-1].parent])
        )
        for turns in (1, 2)
    )
    return {"CoreMark": {"counts": {name: number - one.get(name, 0) for name, number in two.items()}}}


def _of_m55(signature: Path, kem: Path, hashed: Path) -> Iterator[tuple[str, Counted]]:
    for name, count, checkout in (("fndsa", fndsa, signature), ("keccak", keccak, hashed), ("mlkem", mlkem, kem)):
        with tempfile.TemporaryDirectory() as folder:
            yield f"{name} m55", count(checkout, Path(folder))


def _all(dsp: Path, floats: Path, mark: Path, cipher: Path, *of_m55: Path) -> Iterator[tuple[str, Counted]]:
    for level in ("-O2", "-Os"):
        with tempfile.TemporaryDirectory() as folder:
            yield f"esp-dsp {level}", on_risc_v(dsp, level, Path(folder))
        with tempfile.TemporaryDirectory() as folder:
            yield f"esp-dsp xtensa {level}", on_xtensa(dsp, level, Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        yield "esp-dsp xtensa assembler", in_assembler(dsp, Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        for target in ("rv32", "m0", "m4"):
            yield f"pico_float_bench {target}", float_bench(floats, target, Path(folder))
        yield "coremark rv32", coremark(mark, Path(folder))
        yield "coremark hazard3", coremark(mark, Path(folder), _HAZARD3)
        for target, megahertz, kilobytes in BENCHMARKS:
            found = benchmarks(load_target(target), megahertz, kilobytes, Path(folder))
            yield f"{target} {megahertz} {kilobytes}", found
    for target in AES:
        with tempfile.TemporaryDirectory() as folder:
            yield f"aes {target}", aes(cipher, target, Path(folder))
    lx6()
    for target, levels in {**COREMARK_LEVELS, str(LX6): ("-O3",)}.items():
        with tempfile.TemporaryDirectory() as folder:
            yield f"coremark {Path(target).name}", coremark_levels(mark, target, Path(folder), levels)
    yield from _of_m55(*of_m55)


def text_of(counted: Mapping[str, Counted]) -> str:
    """Return the text of the file of what was counted: a line for each program."""
    groups = []
    for name, programs in counted.items():
        lines = ",\n".join(f' "{program}": {json.dumps(found)}' for program, found in programs.items())
        groups.append(f'"{name}": {{\n{lines}}}')
    return "{" + ",\n".join(groups) + "}\n"


def main() -> None:
    """Count all of them and write the file."""
    COUNTED.write_text(text_of(dict(_all(*map(Path, sys.argv[1:8])))), encoding="utf-8")


if __name__ == "__main__":
    main()
