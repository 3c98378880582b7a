from __future__ import annotations

import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mpy_harness.resources import natmods_dir
from tests.emulator.projects import COMMAND, mpy_harness, take_signals
from tests.pseudo_terminals import pseudo_terminal


def test_run_shows_output_and_passes_on_the_status(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "names.txt").write_text("ada\ngrace\n")
    (tmp_path / "script.py").write_text("import sys\nprint(open('data/names.txt').read().split())\nsys.exit(7)\n")
    done = mpy_harness("run", "script.py", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (7, "['ada', 'grace']\n")


def test_run_passes_arguments_on(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("import sys\nprint(sys.argv)\n")
    done = mpy_harness("run", "script.py", "one", "--timeout", "30", "--", "--two", cwd=tmp_path)
    assert done.stdout == "['/script.py', 'one', '--two']\n"


def test_run_shows_output_while_the_script_runs(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("import time\nprint('begun')\ntime.sleep(30)\n")
    process = subprocess.Popen(
        [*COMMAND, "run", "script.py"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=take_signals,  # noqa: PLW1509 - no threads here
    )
    try:
        assert process.stdout is not None
        started = time.monotonic()
        assert process.stdout.readline() == "begun\n"
        assert time.monotonic() - started < 25
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) != 0
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("command", ["run", "profile"])
def test_signals_leave_nothing_in_the_temporary_folder(command, number, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("print('begun')\nwhile True:\n    pass\n")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    process = subprocess.Popen(
        [*COMMAND, command, "script.py"],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        preexec_fn=take_signals,  # noqa: PLW1509 - no threads here
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        assert any(temporary.iterdir())
        process.send_signal(number)
        assert process.wait(timeout=30) == 128 + number
        assert not any(temporary.iterdir())
    finally:
        process.kill()
        process.communicate()


def test_run_shows_the_guests_traceback_and_nothing_of_ours(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("def f():\n    return 1 // 0\n\n\nprint('before')\nf()\n")
    done = mpy_harness("run", "script.py", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "before\n")
    assert 'File "/script.py", line 2, in f' in done.stderr
    assert "ZeroDivisionError" in done.stderr
    assert "mpy_harness/" not in done.stderr


def test_run_stops_a_script_in_time(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("while True:\n    pass\n")
    started = time.monotonic()
    done = mpy_harness("run", "script.py", "--timeout", "2", cwd=tmp_path)
    assert done.returncode == 1
    assert "did not end within 2 s" in done.stderr
    assert time.monotonic() - started < 30


def test_run_imports_from_the_device_path(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "helper.py").write_text("def answer():\n    return 42\n")
    (tmp_path / "script.py").write_text("import helper\nprint(helper.answer())\n")
    assert mpy_harness("run", "script.py", "--device-path", "lib", cwd=tmp_path).stdout == "42\n"


@pytest.mark.parametrize(
    "arguments", [["run", "absent.py"], ["run", "script.py", "--target", "absent"], ["repl", "--target", "absent"]]
)
def test_wrong_arguments_are_told_without_a_traceback(arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("")
    done = mpy_harness(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert "absent" in done.stderr
    assert "Traceback" not in done.stderr


class Repl:
    """``mpy-harness repl`` on a terminal of its own."""

    def __init__(self, cwd: Path, *options: str) -> None:
        self.terminal, far = pseudo_terminal()
        self.process = subprocess.Popen(
            [*COMMAND, "repl", *options], cwd=cwd, stdin=far, stdout=far, stderr=far, start_new_session=True
        )
        os.close(far)
        self.seen = b""

    def wait_for(self, pattern: bytes, seconds: float = 60) -> re.Match[bytes]:
        deadline = time.monotonic() + seconds
        while (found := re.search(pattern, self.seen)) is None:
            left = deadline - time.monotonic()
            assert left > 0, f"no {pattern!r} in {self.seen!r}"
            if select.select([self.terminal], [], [], left)[0]:
                self.seen += os.read(self.terminal, 4096)
        return found

    def type(self, text: bytes) -> None:
        os.write(self.terminal, text)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.terminal)


@pytest.fixture
def repl(tmp_path: Path) -> Iterator[Repl]:
    repl = Repl(tmp_path)
    yield repl
    repl.close()


def test_repl_is_interactive_and_ends_with_its_key(repl: Repl) -> None:
    repl.wait_for(rb">>> $")
    repl.type(b"print(6 * 7)\r")
    repl.wait_for(rb"\r\n42\r\n")
    repl.type(b"\x1d")
    assert repl.process.wait(timeout=20) == 0


def test_repl_has_the_modules_that_it_was_given(tmp_path: Path) -> None:
    (tmp_path / "own" / "package").mkdir(parents=True)
    (tmp_path / "own" / "mine.py").write_text("x = 6\n")
    (tmp_path / "own" / "package" / "__init__.py").write_text("y = 7\n")
    shutil.copytree(natmods_dir() / "iir", tmp_path / "natmods" / "iir")
    repl = Repl(tmp_path, "--natmods", "natmods", "--device-path", "own")
    try:
        repl.wait_for(rb">>> $")
        repl.type(b"import mine, package, iir; print(mine.x * package.y, iir)\r")
        repl.wait_for(rb"\r\n42 <module 'iir'.*>\r\n")
        repl.type(b"\x1d")
        assert repl.process.wait(timeout=20) == 0
    finally:
        repl.close()


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"import machine; machine.reset()\r", rb"mpy-harness: guest code reset or stopped the machine"),
        (b"import machine; machine.mem32[0xf0000000]\r", rb"mpy-harness: the core took a MemManage.*0xf0000000"),
    ],
)
def test_repl_says_why_the_guest_ended(repl: Repl, line: bytes, why: bytes) -> None:
    repl.wait_for(rb">>> $")
    repl.type(line)
    repl.wait_for(why)
    assert repl.process.wait(timeout=20) == 1


def test_repl_serves_mpremote(repl: Repl) -> None:
    mpremote = shutil.which("mpremote", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if mpremote is None:
        pytest.skip("mpremote is not installed: pip install mpremote")
    repl.wait_for(rb">>> $")
    place = repl.wait_for(rb"mpremote connect (\S+)").group(1).decode()
    done = subprocess.run(
        [mpremote, "connect", place, "exec", "print(6 * 7)"], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "42"), done.stderr


def test_setup_takes_patterns_and_leaves_out_what_has_no_emulator(tmp_path, monkeypatch):
    monkeypatch.setenv("MPY_HARNESS_RENODE", "/nonexistent")
    done = mpy_harness("setup", "*m33", cwd=tmp_path)
    assert done.returncode == 0
    assert "m33: MicroPython 1.26.1 is ready" in done.stderr
    assert "renode-m33 is left out. MPY_HARNESS_RENODE names /nonexistent" in done.stderr
    none = mpy_harness("setup", "renode-m*", "renode-s*", cwd=tmp_path)
    assert none.returncode == 2
    assert "mpy-harness: none of these targets can be used: renode-m33, renode-stm32f4" in none.stderr
    named = mpy_harness("setup", "renode-m*", "renode-m33", cwd=tmp_path)
    assert named.returncode == 2
    assert "left out" not in named.stderr
