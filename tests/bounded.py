"""Run code in a process of its own that may have only so much memory: what a limit is for fails there without it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

_BOUND = "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]),) * 2); del sys.argv[1]\n"
_COMMAND = "from mpy_harness.cli.app import main; sys.argv[0] = 'mpy-harness'; main()"


def bounded(
    code: str,
    *arguments: object,
    mebibytes: int,
    seconds: float = 60.0,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run Python code with its arguments in at most so much memory and time; ``environment`` is added to ours."""
    return subprocess.run(
        [sys.executable, "-c", _BOUND + code, str(mebibytes << 20), *map(str, arguments)],
        cwd=cwd,
        # numpy's library for linear algebra reserves memory for each core of the host.
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def bounded_command(
    *arguments: object,
    mebibytes: int,
    seconds: float = 60.0,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run the command ``mpy-harness`` in at most so much memory and time."""
    return bounded(_COMMAND, *arguments, mebibytes=mebibytes, seconds=seconds, cwd=cwd, environment=environment)
