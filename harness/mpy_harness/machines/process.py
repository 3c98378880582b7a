"""An emulator's process: it never lives longer than ours, and has time to write its results when it is ended."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mpy_harness.errors import EmulatorDied, ToolMissing
from mpy_harness.machines.base import End
from mpy_harness.machines.clock import Clock, ThreadWaits

_TERMINATE_SECONDS = 2.0
_POLL_SECONDS = 0.002
_STDERR_BYTES = 8192
_PR_SET_PDEATHSIG = 1


def _death_follows_ours() -> Callable[[], None] | None:
    # Linux kills the emulator when our process dies, even by SIGKILL. Other systems offer nothing like it.
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def arrange() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # our process died before the call
            os._exit(1)

    return arrange


@dataclass(frozen=True)
class Exit:
    """How an emulator's process ended: its status (negative: killed by that signal) and its standard error."""

    status: int
    stderr: str

    @property
    def how(self) -> str:
        """Return the status in words."""
        if self.status >= 0:
            return f"status {self.status}"
        names = {number.value: number.name for number in signal.Signals}
        return f"signal {names.get(-self.status, -self.status)}"

    @property
    def end(self) -> End:
        """Return what this says of the machine: an emulator that ends well was told so by its guest."""
        return End(self.how, self.stderr, by_guest=self.status == 0)


class EmulatorProcess:
    """A child process in a session of its own, so that a terminal's Ctrl-C does not reach it; its stderr is kept.

    It gets the file descriptors ``inherited``. ``talk`` is a descriptor for its standard input and output, or one for
    each; ``environment`` is added to ours.
    """

    def __init__(
        self,
        command: Sequence[str],
        inherited: Sequence[int] = (),
        *,
        install_hint: str,
        talk: int | tuple[int, int] = subprocess.DEVNULL,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.command = list(command)
        stdin, stdout = talk if isinstance(talk, tuple) else (talk, talk)
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        try:
            self._process = subprocess.Popen(
                self.command,
                stdin=stdin,
                stdout=stdout,
                stderr=self._stderr,
                pass_fds=inherited,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
                preexec_fn=_death_follows_ours(),  # noqa: PLW1509 - system calls only, safe after fork
            )
        except OSError as error:
            self._stderr.close()
            raise ToolMissing(f"{self.command[0]} cannot be started: {error.strerror}. {install_hint}") from error
        self._exit: Exit | None = None
        #: The time in which the emulator could run.
        self.clock = Clock(ThreadWaits(self._process.pid))

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._process.pid

    def ended(self) -> Exit | None:
        """Return how the process ended, or None while it runs."""
        if self._exit is None and self._process.poll() is not None:
            self._exit = Exit(self._process.returncode, self._read_stderr())
        return self._exit

    def death(self, what: str) -> EmulatorDied:
        """Return the error for an end that nobody asked for, with what the process wrote to stderr."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_TERMINATE_SECONDS)
        end = self.ended()
        how, said = (end.how, end.stderr) if end else ("still running", "")
        return EmulatorDied(
            f"{self.command[0]} {what} ({how}). {f'It said: {said}' if said else 'It said nothing.'}\n"
            f"Command: {' '.join(self.command)}"
        )

    def close(self) -> None:
        """End the process: by SIGTERM, so that plugins can write their results, then by SIGKILL if need be.

        So do those that it has started: the program may be a script that starts the emulator, as Renode's is in its
        own sources.
        """
        if self.ended() is None:
            self._signal(signal.SIGTERM)
            deadline = time.monotonic() + _TERMINATE_SECONDS
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_TERMINATE_SECONDS)
            while self._signal(0) and time.monotonic() < deadline:
                time.sleep(_POLL_SECONDS)
            self._signal(signal.SIGKILL)
            self._process.wait()
        self.ended()
        self._stderr.close()

    def _signal(self, number: int) -> bool:
        """Send a signal to the process's group, and tell whether that is there."""
        try:
            os.killpg(self._process.pid, number)
        except (ProcessLookupError, PermissionError):  # on macOS, one that is not yet waited for gives the second
            return False
        return True

    def _read_stderr(self) -> str:
        self._stderr.seek(0)
        return self._stderr.read(_STDERR_BYTES).decode("utf-8", "replace").strip()
