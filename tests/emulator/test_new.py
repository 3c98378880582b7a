"""What new-workload, new-natmod and new-target write runs at once, and a name or place that will not do is told."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ON_A_NEW_TARGET = """
import pytest

from mpy_harness.errors import PythonLoop


def test_values(board):
    assert board.eval("sum(range(10))") == 45


def test_interrupt(board):
    with pytest.raises(PythonLoop):
        board.exec("while True: pass", timeout=3)
    assert board.eval("40 + 2") == 42


def test_clock(board):
    board.exec("import time; begun = time.ticks_us(); time.sleep_ms(20); ended = time.ticks_us()")
    assert board.eval("time.ticks_diff(ended, begun)") >= 20_000


def test_counts(board):
    with board.count() as count:
        board.exec("sum(range(100))")
    assert count.instructions > 1000
"""


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.mark.parametrize(("what", "place", "passed"), [("workload", "cases/my_sums", 3), ("natmod", "my_gain", 4)])
def test_what_is_written_runs_as_its_advice_says(tmp_path, what, place, passed):
    written = command(tmp_path, "-m", "mpy_harness", f"new-{what}", place)
    assert written.returncode == 0, written.stderr
    *files, advice = written.stdout.splitlines()
    assert {str(file.relative_to(tmp_path)) for file in (tmp_path / place).iterdir()} == set(files)
    for file in files:
        text = (tmp_path / file).read_text()
        assert "NAME" not in text
        assert "CLASS" not in text
    program, *words = shlex.split(advice.removeprefix("Run it: "))
    assert program == "pytest"
    run = command(tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words)
    assert f"{passed} passed" in run.stdout, run.stdout + run.stderr


def test_a_target_for_a_machine_that_none_is_for(tmp_path):
    written = command(tmp_path, "-m", "mpy_harness", "new-target", "my_board", "--machine", "netduino2")
    assert written.returncode == 0, written.stderr
    *files, _, advice = written.stdout.splitlines()
    assert files == ["my_board/my_board.h", "my_board/target.toml"]
    program, *words = shlex.split(advice.removeprefix("Run tests on it: "))
    assert program == "pytest"
    (tmp_path / "test_it.py").write_text(ON_A_NEW_TARGET, encoding="utf-8")
    run = command(tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words, "test_it.py")
    assert "4 passed" in run.stdout, run.stdout + run.stderr


def test_a_target_for_a_machine_of_another(tmp_path):
    written = command(tmp_path, "-m", "mpy_harness", "new-target", "mine", "--machine", "microbit")
    assert written.returncode == 0, written.stderr
    assert written.stdout.startswith("microbit is the machine of m0, of which this is a copy. It shares: ")
    assert (tmp_path / "mine" / "target.toml").is_file()


@pytest.mark.parametrize(
    ("machine", "message"),
    [
        ("netduino", "has no machine 'netduino'. Near to it: netduino"),
        ("raspi2b", "raspi2b of qemu-system-arm has no Cortex-M"),
        ("lm3s811evb", "too little memory for code: 64 KB"),
        ("musca-b1", "does not tell where musca-b1 has its console, a pl011"),
    ],
)
def test_a_machine_that_no_target_can_be_for(tmp_path, machine, message):
    told = command(tmp_path, "-m", "mpy_harness", "new-target", "mine", "--machine", machine)
    assert told.returncode == 2
    assert message in " ".join(told.stderr.split())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["my-sums", "1st", "class", "größe", "a b", "."])
def test_a_name_that_is_none_of_a_module(tmp_path, name):
    told = command(tmp_path, "-m", "mpy_harness", "new-natmod", name)
    assert told.returncode == 2
    assert told.stderr.startswith("mpy-harness: the folder's name is a module's, and ")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_there_is_left_alone(tmp_path):
    (tmp_path / "mine").mkdir()
    told = command(tmp_path, "-m", "mpy_harness", "new-workload", "mine")
    assert told.returncode == 2
    assert "mine is there already. Name a folder that is not, or remove it." in told.stderr
    assert not list((tmp_path / "mine").iterdir())
    (tmp_path / "file").touch()
    told = command(tmp_path, "-m", "mpy_harness", "new-workload", "file/mine")
    assert "cannot be made" in told.stderr
    assert "Traceback" not in told.stderr
