"""A guest that waits for an editor's GDB: GDB's machine interface gets what the written launch.json has."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.emulator.projects import COMMAND, mpy_harness
from tests.emulator.test_debug_command import HERE, LEVELS, _gdb, module  # noqa: F401 - a fixture that skips

# Of microsoft/vscode-cpptools, Extension/package.json, "cppdbg": attributes of a launch, and an enumeration there.
KNOWN = {
    "name", "type", "request", "MIMode", "miDebuggerPath", "program", "cwd", "customLaunchSetupCommands",
    "launchCompleteCommand",
}  # fmt: skip
COMPLETED = {"exec-run", "exec-continue", "None"}


def test_an_editor_attaches(tmp_path: Path) -> None:
    module(tmp_path, "levels", LEVELS)
    (tmp_path / "script.py").write_text("import levels\nprint(levels.add(3))\n")
    assert mpy_harness("debug", "script.py", "--launch-json", ".vscode/launch.json", cwd=tmp_path).returncode == 0
    again = mpy_harness("debug", "script.py", "--launch-json", ".vscode/launch.json", cwd=tmp_path)
    assert again.returncode == 2
    assert "is there already" in again.stderr
    text = (tmp_path / ".vscode" / "launch.json").read_text().replace("${workspaceFolder}", str(tmp_path))
    (configuration,) = json.loads(text)["configurations"]
    assert set(configuration) <= KNOWN
    assert configuration["launchCompleteCommand"] in COMPLETED
    waiting = [*COMMAND, "debug", "script.py", "--natmods", "natmods", "--wait"]
    with subprocess.Popen(waiting, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as guest:
        assert guest.stdout is not None
        assert guest.stderr is not None
        try:
            while "It waits for GDB" not in (line := guest.stderr.readline()):
                assert line
            commands = [each["text"] for each in configuration["customLaunchSetupCommands"]]
            commands += [f"-break-insert -f levels.c:{HERE}", f"-{configuration['launchCompleteCommand']}"]
            with subprocess.Popen(
                [configuration["miDebuggerPath"], "-q", "--interpreter=mi"],
                cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            ) as gdb:  # fmt: skip
                assert gdb.stdin is not None
                assert gdb.stdout is not None
                gdb.stdin.write("".join(f"{command}\n" for command in commands))
                gdb.stdin.flush()
                while '*stopped,reason="breakpoint-hit"' not in (line := gdb.stdout.readline()):
                    assert line
                assert 'file="levels.c"' in line
                assert f'line="{HERE}"' in line
                gdb.stdin.write("-target-detach\n-gdb-exit\n")
                gdb.stdin.flush()
            assert guest.wait(60) == 0
            assert guest.stdout.read() == "3\n"
        finally:
            guest.kill()


@pytest.mark.parametrize("folder", ["x" * 90])
def test_a_path_that_no_socket_can_have(folder: str, tmp_path: Path) -> None:
    place = tmp_path / folder
    place.mkdir()
    (place / "script.py").write_text("print(1)\n")
    done = mpy_harness("debug", "script.py", "--wait", cwd=place)
    assert done.returncode == 2
    assert "is too long for a socket" in done.stderr
