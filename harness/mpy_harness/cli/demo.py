"""The command ``demo``: boot the firmware, compare native modules with SciPy, profile a program, find an overrun."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
import typer

from mpy_harness.board.pool import BoardPool
from mpy_harness.cli.script import ScriptJob
from mpy_harness.errors import HarnessError, MachineryError, MemoryMisused
from mpy_harness.firmware.progress import shown
from mpy_harness.reports.profile_files import write_profile
from mpy_harness.reports.profile_table import function_lines, module_lines
from mpy_harness.resources import cases_dir, natmods_dir
from mpy_harness.targets import DEFAULT_TARGET, Target, load_target

_FUNCTIONS = 12
#: Workloads that are native modules beside their twins in Python: all of them take longer than who tries this waits.
_SHOWN = ("classifiers/trees", "conversions/arrayutils", "filters/fir", "filters/iir", "filters/iir_forms", "pipeline",
          "transforms")  # fmt: skip

# A module that runs over the end of its array, as many do: every test of it would pass.
_PLANTED = {
    "Makefile": """\
MOD = planted
SRC = planted.c
ARCH ?= armv7emsp
include $(MPY_DIR)/py/dynruntime.mk
""",
    "planted.c": """\
#include "py/dynruntime.h"

static mp_obj_t ramp(mp_obj_t samples) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(samples, &info, MP_BUFFER_WRITE);
    float *x = info.buf;
    for (size_t i = 0; i <= info.len / sizeof(float); i++) {
        x[i] = 0.5f * i;
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(ramp_obj, ramp);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    mp_store_global(MP_QSTR_ramp, MP_OBJ_FROM_PTR(&ramp_obj));
    MP_DYNRUNTIME_INIT_EXIT
}
""",
}
_RAMP = "from array import array\nimport planted\nplanted.ramp(array('f', range(10)))\n"

_ASK = """
import sys, gc
gc.collect()
print(sys.version)
print(sys.implementation._machine)
print(gc.mem_free())
"""


def command(context: typer.Context) -> None:
    """Boot the default target and run the project's cases on it; further arguments go to pytest."""
    raise typer.Exit(demo(context.args))


def demo(arguments: list[str]) -> int:
    """Show the firmware's boot, then run the cases on it; return pytest's status."""
    cases = cases_dir()
    if cases is None:
        raise MachineryError("the demo's cases are in the project's repository: clone it and run ./bootstrap demo")
    target = load_target(DEFAULT_TARGET)
    with tempfile.TemporaryDirectory(prefix="mpy-harness-") as logs, shown() as progress:
        pool = BoardPool(Path(logs), progress=progress)
        try:
            firmware = pool.firmware(target)
            board = pool.board(target)
            version, machine, free = board.exec(_ASK).strip().split("\n")
        finally:
            pool.close()
    print(
        f"booted   MicroPython {version.rpartition('MicroPython ')[2]} from {firmware.elf.stat().st_size} bytes of ELF"
    )
    print(f"machine  {machine}; native modules for {target.natmod.arch}; {int(free) // 1024} KiB of heap free")
    print("cases    native C modules and pure Python, against SciPy and scikit-learn\n", flush=True)
    status = int(
        pytest.main(
            [*(str(cases / each) for each in _SHOWN), "-q", "--no-header", "-p", "no:cacheprovider", *arguments]
        )
    )
    if status == 0 and not {"--collect-only", "--co"}.intersection(arguments):
        _break_down(cases / "pipeline" / "sound_level" / "sound_level.py", target)
        _find_overrun(target)
    return status


def _break_down(script: Path, target: Target) -> None:
    """Profile one of the cases' programs: what its instructions were, and where the flame graph is."""
    job = ScriptJob(script, target, natmods=(natmods_dir(),))
    print(f"\nprofile  {script.name}: samples to A-weighted level and octave bands, three native modules\n")
    count, outcome = job.count("functions", silent=True)
    if isinstance(outcome, HarnessError):
        raise outcome
    assert count.profile is not None  # noqa: S101 - what mode "functions" is for
    print("\n".join(function_lines(count.profile, _FUNCTIONS)) + "\n")
    print("\n".join(module_lines(count.profile)) + "\n")
    for path, use in write_profile(count.profile, job.profile_folder()).items():
        print(f"{path}  ({use})")


def _find_overrun(target: Target) -> None:
    """Run a module with a planted fault under the memory checker, and show what that says."""
    print("\nmemcheck  a native module that writes one float too many\n", flush=True)
    with tempfile.TemporaryDirectory(prefix="mpy-harness-") as place:
        folder = Path(place, "planted")
        folder.mkdir()
        for name, text in _PLANTED.items():
            (folder / name).write_text(text, encoding="utf-8")
        script = Path(place, "ramp.py")
        script.write_text(_RAMP, encoding="utf-8")
        try:
            ScriptJob(script, target, natmods=(Path(place),), check="memory").run()
        except MemoryMisused as found:
            print(found)
