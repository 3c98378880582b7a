"""`pytest --gdb`: GDB on the boards of a run, with commands from a file, or on a pseudo-terminal."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mpy_harness.debugging.gdb import gdb_for
from mpy_harness.errors import ToolMissing
from mpy_harness.targets import load_target
from tests.emulator.misbehaving import SOURCE, line_of
from tests.emulator.projects import run, write
from tests.emulator.tiny import MAKEFILE

TESTS = """
import pytest
from mpy_harness.errors import GuestFault

def test_reads(natmod):
    assert natmod("misbehaving").read(0x10000000, timeout=5) != 0

def test_faults(natmod):
    with pytest.raises(GuestFault):
        natmod("misbehaving").undefined(timeout=0.2)
"""


@pytest.fixture
def with_module(project: pytest.Pytester) -> pytest.Pytester:
    try:
        gdb_for(load_target("m33"))
    except ToolMissing as error:
        pytest.skip(str(error))
    folder = project.path / "natmods" / "misbehaving"
    folder.mkdir(parents=True)
    (folder / "Makefile").write_text(MAKEFILE.format(name="misbehaving"))
    (folder / "misbehaving.c").write_text(SOURCE)
    write(project, test_natmod=TESTS)
    return project


def test_gdb_stops_at_breakpoints_and_faults(with_module: pytest.Pytester) -> None:
    commands = "continue\nbacktrace 1\nshell sleep 1\ncontinue\nshell sleep 1\n"
    Path(with_module.path / "commands.gdb").write_text(commands)
    result = run(with_module, "--gdb-commands", "commands.gdb", "--gdb-break", "read")
    result.assert_outcomes(passed=2)
    text = result.stdout.str()
    line = line_of("volatile int *)mp_obj_get_int_truncated(from)")
    assert re.search(rf"Breakpoint 1, read \(from=.*\) at misbehaving\.c:{line}", text)
    assert "the core took a UsageFault" in text
    assert f"undefined () at misbehaving.c:{line_of('volatile (UNDEFINED)')}" in text


def test_gdb_is_for_one_board_and_a_terminal(with_module: pytest.Pytester) -> None:
    result = run(with_module, "--gdb", "-n", "2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--gdb: GDB has one guest at a time. Leave out -n."])
    result = run(with_module, "--gdb-commands", "absent.gdb")
    result.stderr.fnmatch_lines(["*--gdb-commands: there is no file *absent.gdb"])
