"""pytest itself is ended mid-test: no emulator, no socket, no temporary folder outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.emulator.leftovers import MARK, Leftovers, marked, sockets, soon
from tests.emulator.projects import take_signals

FOREVER = """
from pathlib import Path


def test_forever(board):
    board.exec("print('the guest runs')")
    Path("running").touch()
    board.exec("while True: pass", timeout=600)
"""
NATIVE = FOREVER.replace("while True: pass", "@micropython.viper\\ndef f():\\n  while True: pass\\nf()")


@dataclass
class Run:
    """A pytest process in a session of its own."""

    process: subprocess.Popen[str]
    mark: str

    def members(self) -> list[str]:
        return sorted(name for _, name in marked(self.mark))


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    """Start pytest on a test file; afterwards check that nothing of it is left."""
    before = Leftovers()
    runs: list[Run] = []

    def begin(source: str, *arguments: str) -> Run:
        (tmp_path / "pytest.ini").write_text("[pytest]\n")
        (tmp_path / "test_it.py").write_text(source)
        mark = uuid.uuid4().hex
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        runs.append(
            Run(
                subprocess.Popen(
                    command,
                    cwd=tmp_path,
                    env=environment | {MARK: mark},
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    start_new_session=True,
                    preexec_fn=take_signals,  # noqa: PLW1509 - no threads here
                ),
                mark,
            )
        )
        return runs[-1]

    yield begin
    for run in runs:
        if run.process.poll() is None:
            os.killpg(run.process.pid, signal.SIGKILL)
        run.process.communicate(timeout=30)
    assert soon(lambda: not any(run.members() for run in runs)), [run.members() for run in runs]
    before.check()
    assert soon(lambda: not any(socket.startswith(str(tmp_path)) for socket in sockets()))


@pytest.mark.parametrize(
    ("source", "arguments"), [(FOREVER, []), (NATIVE, []), (FOREVER, ["-n1"])], ids=["python", "native", "workers"]
)
def test_ctrl_c(start, tmp_path, source, arguments):
    run = start(source, *arguments)
    assert soon((tmp_path / "running").exists, 60)
    assert any(name.startswith("qemu-") for name in run.members())
    os.killpg(run.process.pid, signal.SIGINT)  # as a terminal does: to the whole group
    begun = time.monotonic()
    out, _ = run.process.communicate(timeout=30)
    assert time.monotonic() - begun < 15
    assert run.process.returncode == pytest.ExitCode.INTERRUPTED
    assert "KeyboardInterrupt" in out
    assert soon(lambda: not run.members(), 5)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGHUP])
def test_killed(start, tmp_path, number):
    run = start(FOREVER)
    assert soon((tmp_path / "running").exists, 60)
    run.process.send_signal(number)
    run.process.communicate(timeout=30)
    assert run.process.returncode == -number
    assert soon(lambda: not run.members(), 5)


def test_sigterm_with_workers(start, tmp_path):
    run = start(FOREVER + FOREVER.replace("test_forever", "test_too").replace('"running"', '"two"'), "-n2")
    assert soon((tmp_path / "running").exists, 60)
    assert soon((tmp_path / "two").exists, 60)
    assert sum(name.startswith("qemu-") for name in run.members()) == 2
    run.process.terminate()
    run.process.communicate(timeout=30)
    assert soon(lambda: not run.members(), 20)


STARTING = """
from pathlib import Path


def test_starts(board):
    Path("running").touch()
    for _ in range(100):
        board.hard_reset()
"""


@pytest.mark.parametrize("delay", [0.05, 0.1, 0.15, 0.2])
def test_killed_while_the_emulator_starts(start, tmp_path, delay):
    run = start(STARTING)
    assert soon((tmp_path / "running").exists, 60)
    time.sleep(delay)  # a start takes 0.1 to 0.3 s: some of these fall into each phase of it
    run.process.kill()
    run.process.communicate(timeout=30)
    assert soon(lambda: not run.members(), 5)


def test_the_log_of_a_killed_run_says_what_the_guest_printed(start, tmp_path):
    run = start(FOREVER)
    assert soon((tmp_path / "running").exists, 60)
    run.process.kill()
    run.process.wait(30)
    (log,) = (tmp_path / ".mpy-harness" / "console").glob("*.log")
    assert "the guest runs" in log.read_text()
