"""A board behind a serial port: what it says of itself, values, modules, resets, a cable that is pulled."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from mpy_harness.board.asked import asked
from mpy_harness.board.pool import BoardPool
from mpy_harness.errors import (
    BoardGone,
    CountingUnavailable,
    FirmwareSilent,
    GuestException,
    GuestFault,
    GuestReset,
    MemcheckUnavailable,
    NativeLoop,
    PortRefused,
    PythonLoop,
    TargetInvalid,
    ToolMissing,
)
from mpy_harness.machines import kind_of
from mpy_harness.targets import load_target
from tests.emulator.projects import mpy_harness, run, write

DEAF = "@micropython.viper\ndef deaf():\n    while True:\n        pass\ndeaf()"


def test_it_says_what_it_is(desk):
    target = asked(load_target(desk.target))
    assert (target.core, target.natmod.arch, target.tools) == ("cortex-m33", "armv7emsp", "1.26.1")
    assert target.firmware.micropython == "1.26.1"
    assert re.fullmatch(r"serial-[\w.-]+", target.name)


def test_values_of_every_byte_go_there_and_back(desk, connect):
    board = connect(desk)
    for value in (b"", bytes(range(256)) * 20, "ʬ € \x03\x04\r\n'\\", [1.5, None, {"a": (1 << 70)}]):
        assert board.hold(value).get() == value
    numbers = np.random.default_rng(3).standard_normal(2000).astype(np.float32)
    assert np.array_equal(board.call("lambda a: a", numbers), numbers)
    assert board.exec("print('hello', end='')") == "hello"
    with pytest.raises(GuestException, match="ZeroDivisionError"):
        board.eval("1 / 0")
    assert board.eval("6 * 7") == 42


def test_resets(desk, connect):
    board = connect(desk)
    board.exec("x = 1")
    board.soft_reset()
    with pytest.raises(GuestException, match="NameError"):
        board.eval("x")
    board.hard_reset()
    assert board.eval("6 * 7") == 42
    with pytest.raises(PythonLoop):
        board.exec("while True: pass", timeout=2)
    assert board.eval("6 * 7") == 42


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("import machine; machine.reset()", GuestReset),
        ("import uctypes; print(uctypes.bytearray_at(0xF0000000, 4)[0])", GuestFault),
    ],
)
def test_a_program_that_resets_the_board_or_breaks_it(desk, connect, source, error):
    board = connect(desk)
    with pytest.raises(error):
        board.exec(source, timeout=3)
    assert not board.usable
    board.hard_reset()
    assert board.eval("6 * 7") == 42


def test_what_only_an_emulator_has(desk, tmp_path):
    pool = BoardPool(tmp_path / "console", timeout=30)
    target = asked(load_target(desk.target))
    try:
        board = pool.board(target)
        with pytest.raises(CountingUnavailable, match="it counts no instructions"), board.count():
            pass
        with pytest.raises(MemcheckUnavailable, match="cannot check"):
            pool.board(target, check="memory", number=1)
    finally:
        pool.close()


def test_time_is_that_of_the_board(desk, connect):
    board = connect(desk)
    board.exec("import time\ndef work(n):\n    time.sleep_us(n)")
    timing = board.time("work", 3000, repeats=9)
    assert len(timing.samples) == 9
    assert timing.least >= 2900  # it cannot be shorter; how much longer depends on the host, as this board is none
    assert timing.median >= timing.least
    assert timing.spread >= 0
    assert "median of 9" in str(timing)


def test_a_board_that_is_unplugged(desk, connect):
    board = connect(desk)
    desk.unplug()
    with pytest.raises(BoardGone, match="plug it in again"):
        board.eval("1")
    with pytest.raises(ToolMissing, match="not there any more: plug it in"):
        board.hard_reset()
    desk.plug_in()
    board.hard_reset()
    assert board.eval("6 * 7") == 42


def test_a_port_that_goes_away_and_is_back_is_a_reset(desk, connect):
    board = connect(desk)
    desk.unplug()
    desk.plug_in()
    with pytest.raises(GuestReset, match="went away and is back"):
        board.eval("1")


def test_a_board_that_does_not_react_and_a_command_that_resets_it(desk, connect, tmp_path):
    board = connect(desk)
    with pytest.raises(NativeLoop):
        board.exec(DEAF, timeout=2)
    board.close()
    with pytest.raises(FirmwareSilent, match=r"Ctrl-C\. Reset it, or keep its main\.py from running .*reset_command"):
        connect(desk)
    # The advice: a program that resets it. Ours asks the test to do so, as one that switches a hub's port would.
    (tmp_path / "mine").mkdir()
    asks = f"from pathlib import Path; import time; Path({str(tmp_path / 'reset')!r}).touch(); time.sleep(3)"
    (tmp_path / "mine" / "target.toml").write_text(
        'description = "mine"\nemulator = "serial"\nfirmware = "installed"\n[serial]\n'
        f'port = "{desk.port}"\nreset_command = ["python3", "-c", """{asks}"""]\n'
    )
    with desk.power_cycle_when(tmp_path / "reset"):
        pool = BoardPool(tmp_path / "console")
        try:
            assert pool.board(asked(load_target(str(tmp_path / "mine")))).eval("6 * 7") == 42
        finally:
            pool.close()


def test_ports_that_cannot_be_used(desk, connect, tmp_path):
    with pytest.raises(ToolMissing, match=r"no port /dev/nothing: plug the board in, or name its port"):
        asked(load_target("serial:/dev/nothing"))
    with pytest.raises(PortRefused, match="cannot be opened"):
        asked(load_target("serial:/dev/null"))
    with pytest.raises(PortRefused, match=r"socket://127\.0\.0\.1:1 cannot be opened"):
        asked(load_target("serial:socket://127.0.0.1:1"))
    with pytest.raises(TargetInvalid, match="wants the port behind it"):
        load_target("serial:")
    connect(desk)
    other = mpy_harness("run", "--target", desk.target, __file__, cwd=tmp_path)
    assert (other.returncode, "in use by another program" in other.stderr) == (2, True), other.stderr


PAGE = (Path(__file__).parents[3] / "docs" / "serial.md").read_text(encoding="utf-8")
EXAMPLE, TARGET = (re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[0] for language in ("python", "toml"))
TESTS = """
import pytest

def test_natmod(board, natmod, target):
    assert natmod("iir").build.arch == target.natmod.arch == "armv7emsp"

def test_counted(board):
    with board.count():
        board.exec("pass")

@pytest.mark.budget(instructions=1000)
def test_budget(board):
    board.exec("pass")

@pytest.mark.memcheck
def test_checked(board):
    pass

def test_golden(board, golden):
    golden.check(board.eval("2 ** 0.5"), 2 ** 0.5, case="root", metric="max_abs", limit=1e-6)
"""


def test_a_run_of_tests(desk, project):
    write(project, test_it=TESTS + EXAMPLE)
    result = run(project, "--target", desk.target, "-rs", "--board-timeout", "30", "--measurements", "run.json")
    result.assert_outcomes(passed=3, skipped=3)
    out = result.stdout.str()
    assert len(re.findall(r"SKIPPED.*counts no instructions", out)) >= 1
    assert "cannot check what native code does to memory" in out
    assert (
        "mps2-an505 with Cortex-M33" not in (project.path / "run.json").read_text()
    )  # a hash of it: it may be private
    assert '"emulator": "a board"' in (project.path / "run.json").read_text()


def test_the_target_of_the_page_is_one(tmp_path):
    (tmp_path / "target.toml").write_text(TARGET)
    target = load_target(str(tmp_path))
    assert target.is_installed
    assert target.core == "cortex-m0plus"
    assert kind_of(target).table.reset_command[0] == "picotool"


def test_a_board_of_the_configuration_that_may_be_absent(project):
    write(project, test_it="def test_one(board, target): pass\n")
    (project.path / "pytest.ini").write_text(
        "[pytest]\nmpy_targets = serial:/dev/nothing\nmpy_may_be_absent = serial-nothing\n"
    )
    result = run(project, "-rs")
    result.assert_outcomes(skipped=1)
    assert "there is no port /dev/nothing" in result.stdout.str()


def test_a_script_runs_on_it(desk, tmp_path):
    (tmp_path / "script.py").write_text("import sys\nprint('on', sys.platform)\nsys.exit(3)\n")
    done = mpy_harness("run", "--target", desk.target, "script.py", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (3, "on qemu\n"), done.stderr
