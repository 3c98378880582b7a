"""Run a program to its end, within a time, leaving no process of it behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mpy_harness.errors import MachineryError

_ERROR = re.compile(r"\berror\b:|Error: | \*\*\* |: undefined reference to |: multiple definition of ")


@dataclass(frozen=True)
class Finished:
    """A program's exit status and what it printed, standard error included."""

    status: int
    output: str


@dataclass(frozen=True)
class Captured:
    """A program's exit status, its standard output as it was written, and its standard error as text."""

    status: int
    output: bytes
    errors: str


def run(
    command: Sequence[str | Path],
    *,
    timeout: float,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Finished:
    """Run ``command`` and return how it ended.

    After ``timeout`` seconds, or when interrupted, the program and its children are killed.
    Raises MachineryError for a time that is over, OSError when the program cannot be started.
    """
    with _start(command, subprocess.STDOUT, env=env, cwd=cwd) as process:
        output, _ = _communicate(process, command, timeout)
    return Finished(process.returncode, _text(output))


def capture(command: Sequence[str | Path], *, timeout: float) -> Captured:
    """Run ``command`` like ``run``, and return what it printed with the two outputs apart, the first one as bytes."""
    with _start(command, subprocess.PIPE) as process:
        output, errors = _communicate(process, command, timeout)
    return Captured(process.returncode, output, _text(errors))


def _start(
    command: Sequence[str | Path], stderr: int, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env=env,
        cwd=cwd,
        start_new_session=True,  # a process group of its own, so that children can be killed with it
    )


def _communicate(
    process: subprocess.Popen[bytes], command: Sequence[str | Path], timeout: float
) -> tuple[bytes, bytes]:
    try:
        return process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired as error:
        _kill_group(process)
        output, errors = process.communicate()
        raise MachineryError(
            f"{' '.join(map(str, command))} did not end within {timeout:.0f} s and was killed. "
            f"Its last output:\n{last_lines(_text(errors or output))}"
        ) from error
    except BaseException:
        _kill_group(process)
        raise


def _text(output: bytes) -> str:
    return output.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")


def last_lines(text: str, count: int = 15) -> str:
    """Return the last lines of ``text``, indented."""
    return "\n".join(f"  {line}" for line in text.rstrip().splitlines()[-count:])


def first_error(text: str, count: int = 15) -> str:
    """Return the lines of a build's output from its first error on, indented; the last ones where it names none."""
    lines = text.rstrip().splitlines()
    start = next((number for number, line in enumerate(lines) if _ERROR.search(line)), None)
    if start is None:
        return last_lines(text, count)
    left = len(lines) - start - count
    shown = lines[start : start + count] + ([f"({left} more lines)"] if left > 0 else [])
    return "\n".join(f"  {line}" for line in shown)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
