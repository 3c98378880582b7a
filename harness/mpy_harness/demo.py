"""The first five minutes: boot the firmware, load the native modules, hold them against SciPy and scikit-learn."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from mpy_harness.board.pool import BoardPool
from mpy_harness.errors import MachineryError
from mpy_harness.firmware.progress import shown
from mpy_harness.resources import cases_dir
from mpy_harness.targets import DEFAULT_TARGET, load_target

_ASK = """
import sys, gc
gc.collect()
print(sys.version)
print(sys.implementation._machine)
print(gc.mem_free())
"""


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
    return int(pytest.main([str(cases), "-q", "--no-header", "-p", "no:cacheprovider", *arguments]))
