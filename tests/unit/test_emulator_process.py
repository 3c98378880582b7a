"""The end of an emulator's process: all that it has started ends with it, at once or by force."""

from __future__ import annotations

from pathlib import Path

import pytest

from mpy_harness.machines.clock import ThreadWaits
from mpy_harness.machines.process import EmulatorProcess
from tests.emulator.leftovers import processes, soon

SECONDS = 20.0


def script(folder: Path, text: str) -> Path:
    file = folder / "emulator"
    file.write_text(f"#!/bin/sh\n{text}")
    file.chmod(0o755)
    return file


@pytest.mark.parametrize("trap", ["", "trap '' TERM\n"])
def test_what_a_launcher_started_ends_with_it(trap, tmp_path):
    # As Renode's own script does, which starts mono and waits.
    started = tmp_path / "started"
    process = EmulatorProcess(
        [str(script(tmp_path, f"{trap}sleep 1000 &\necho $! > {started}.part\nmv {started}.part {started}\nwait\n"))],
        install_hint="",
    )
    assert soon(started.is_file, SECONDS)
    child = int(started.read_text())
    assert child in {pid for pid, _, _ in processes()}
    # Nor does time pass for it while the child has to wait for a processor.
    assert f"/proc/{child}/task/{child}" in ThreadWaits(process.pid)()
    process.close()
    assert soon(lambda: child not in {pid for pid, _, _ in processes()}, SECONDS)
    ended = process.ended()
    assert ended is not None
    assert ended.how == ("signal SIGKILL" if trap else "signal SIGTERM")
    process.close()


def test_one_that_has_ended_tells_how(tmp_path):
    process = EmulatorProcess([str(script(tmp_path, "echo why >&2\nexit 3\n"))], install_hint="")
    assert soon(lambda: process.ended() is not None, SECONDS)
    process.close()
    ended = process.ended()
    assert ended is not None
    assert (ended.status, ended.stderr) == (3, "why")
