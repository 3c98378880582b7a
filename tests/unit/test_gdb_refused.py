"""Targets to which no GDB attaches say so at once, and which target to use."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mpy_harness import machines
from mpy_harness.errors import CountingUnavailable, EmulatorRefused, MemcheckUnavailable
from mpy_harness.firmware.progress import Silent
from mpy_harness.targets import load_target

ELSEWHERE = {
    "renode-m33": "Use m33, which runs the same firmware.",
    "renode-stm32f4": "Use m4-stm32, which runs the same firmware.",
    "esp32": r"Use a target whose firmware is built here and runs in QEMU \(m33\).",
    "esp32c3": r"Use a target whose firmware is built here and runs in QEMU \(m33\).",
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_a_target_has_not_names_one_that_has_it(name, tmp_path):
    kind = machines.kind_of(load_target(name))
    with pytest.raises(EmulatorRefused, match=f"no GDB attaches to {name}.*{ELSEWHERE[name]}"):
        kind.check_gdb()
    with pytest.raises(CountingUnavailable, match=f"counting functions is not there for {name}.*{ELSEWHERE[name]}"):
        kind.instrument(tmp_path / "none", "functions", Silent())
    with pytest.raises(MemcheckUnavailable, match=f"cannot check what native code.*{ELSEWHERE[name]} Or use the fixt"):
        kind.checker(tmp_path / "none", None, Silent(), check="memory")


@pytest.mark.parametrize("name", ["m33", "rv32", "m4-stm32"])
def test_boards_in_qemu_take_gdb(name):
    machines.kind_of(load_target(name)).check_gdb()


@pytest.mark.parametrize("how", [[], ["--wait"]])
def test_debug_ends_before_anything_is_started(how, tmp_path):
    (tmp_path / "it.py").write_text("print(6 * 7)\n")
    words = [sys.executable, "-m", "mpy_harness", "debug", "it.py", "--target", "renode-m33", *how]
    result = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith("mpy-harness: no GDB attaches to renode-m33")
    assert not (tmp_path / ".mpy-harness").exists()
