"""Run a program to its end, within a time, leaving no process of it behind."""

from __future__ import annotations

import os
import re
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mpy_harness.errors import MachineryError
from mpy_harness.limits import OUTPUT_BYTES

_TOO_LONG, _TOO_MUCH = "did not end within {0:.0f} s", "printed more than {1} MiB"
_SHOWN_BYTES = 4096
_MOMENT = 0.1  # seconds from the end of a program's output to its own
# Of compilers, make, Python, MicroPython's makemanifest.py and linkers.
_ERROR = re.compile(
    r"\berror\b:|Error: | \*\*\* |\berror (executing|compiling|freezing) |: undefined reference to |"
    r": multiple definition of | will not fit in region |: region \S+ overflowed by | is not within region "
)


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

    After ``timeout`` seconds, after output without end, or when interrupted, the program and its children are killed.
    Raises MachineryError for a time or an output that is over, OSError when the program cannot be started.
    """
    with _start(command, subprocess.STDOUT, env=env, cwd=cwd) as process:
        output, _ = _communicate(process, command, timeout)
    return Finished(process.returncode, _text(output))


def capture(
    command: Sequence[str | Path],
    *,
    timeout: float,
    most: int = OUTPUT_BYTES,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Captured:
    """Run ``command`` like ``run``, and return what it printed, at most ``most`` bytes, with the outputs apart."""
    with _start(command, subprocess.PIPE, env=env, cwd=cwd) as process:
        output, errors = _communicate(process, command, timeout, most)
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
    process: subprocess.Popen[bytes], command: Sequence[str | Path], timeout: float, most: int = OUTPUT_BYTES
) -> tuple[bytes, bytes]:
    # Popen.communicate() would keep all that a program prints, and that may have no end.
    deadline = time.monotonic() + timeout
    pipes = [pipe for pipe in (process.stdout, process.stderr) if pipe is not None]
    outputs = {pipe.fileno(): bytearray() for pipe in pipes}
    try:
        why = _read(outputs, deadline, most)
        if not why:
            try:
                process.wait(max(deadline - time.monotonic(), _MOMENT))
            except subprocess.TimeoutExpired:
                why = _TOO_LONG
    except BaseException:
        _kill_group(process)
        raise
    output, errors = (*map(bytes, outputs.values()), b"")[:2]
    if why:
        _kill_group(process)
        process.wait()
        raise MachineryError(
            f"{' '.join(map(str, command))} {why.format(timeout, most >> 20)} and was killed. "
            f"Its last output:\n{last_lines(_text((errors or output)[-_SHOWN_BYTES:]))}"
        )
    return output, errors


def _read(outputs: Mapping[int, bytearray], deadline: float, most: int) -> str:
    """Read pipes to their ends; return why that was given up, "" if it was not."""
    with selectors.DefaultSelector() as selector:
        for pipe in outputs:
            selector.register(pipe, selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(max(deadline - time.monotonic(), 0.0))
            if not ready or time.monotonic() > deadline:
                return _TOO_LONG
            for key, _ in ready:
                piece = os.read(key.fd, 1 << 16)
                outputs[key.fd].extend(piece)
                if not piece:
                    selector.unregister(key.fd)
            if sum(map(len, outputs.values())) > most:
                return _TOO_MUCH
    return ""


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
