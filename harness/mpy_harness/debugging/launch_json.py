"""A configuration with which editors attach to a guest that waits for them (Visual Studio Code's type ``cppdbg``)."""

from __future__ import annotations

import json
from pathlib import Path

from mpy_harness.debugging.session import BEGIN, FIRMWARE
from mpy_harness.errors import PlaceInvalid

_WORKSPACE = "${workspaceFolder}"


def write(file: Path, gdb: Path, folder: Path) -> None:
    """Write the file; ``folder`` is where a waiting guest has its files, below the workspace's.

    Raises PlaceInvalid where the file is there.
    """
    if file.exists():
        raise PlaceInvalid(f"{file} is there already. Write another, and take the configuration over by hand.")
    place = f"{_WORKSPACE}/{folder.as_posix()}"
    configuration = {
        "name": "mpy-harness debug --wait",
        "type": "cppdbg",
        "request": "launch",
        "MIMode": "gdb",
        "miDebuggerPath": str(gdb),
        "program": f"{place}/{FIRMWARE}",
        "cwd": _WORKSPACE,
        "customLaunchSetupCommands": [
            {"text": f'-file-exec-and-symbols "{place}/{FIRMWARE}"'},  # a workspace's path may have spaces
            {"text": f"source {place}/{BEGIN}"},
        ],
        "launchCompleteCommand": "exec-continue",
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        json.dumps({"version": "0.2.0", "configurations": [configuration]}, indent=2) + "\n", encoding="utf-8"
    )
