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

    def __init__(self, cwd: Path) -> None:
        self.terminal, far = pseudo_terminal()
        self.process = subprocess.Popen(
            [*COMMAND, "repl"], cwd=cwd, stdin=far, stdout=far, stderr=far, start_new_session=True
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
