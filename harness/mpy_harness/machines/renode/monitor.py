"""Renode's monitor: commands as lines, answers as text up to the next prompt."""

from __future__ import annotations

import re
import socket

from mpy_harness.errors import EmulatorRefused
from mpy_harness.limits import MONITOR_BYTES
from mpy_harness.machines.clock import Clock, receive

_READ_BYTES = 65536
_PROMPT_BYTES = 200  # more than any prompt has
_PROMPT = re.compile(rb"(?:^|[\r\n])\(([\w-]+)\) \Z")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
# How its errors begin: for a command that failed, a wrong description, an unknown command, wrong parameters.
_ERROR = re.compile(r"There was an error|Error E\d+|No such command|Parameters did not match|Could not ", re.IGNORECASE)


class MonitorClosedError(Exception):
    """Renode closed its monitor."""


class Monitor:
    """Commands over a connected socket.

    Raises MonitorClosedError where Renode has ended, EmulatorRefused where it gives no answer in time or an error.
    """

    def __init__(self, connection: socket.socket, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        self._said = b""  # since the last prompt
        self._is_late = False

    def greet(self, seconds: float) -> None:
        """Wait until Renode takes commands."""
        self._until_prompt("a prompt", seconds)

    def execute(self, command: str, seconds: float) -> str:
        """Run a command, one line, and return what it said."""
        if "\n" in command or "\r" in command:
            raise EmulatorRefused(f"{command!r} has more than one line. Give Renode's monitor one command at a time.")
        if self._is_late:  # what comes first answers the command before
            self._until_prompt("an answer to an earlier command", seconds)
        try:
            self._connection.settimeout(seconds)
            self._connection.sendall(command.encode() + b"\n")
        except OSError as error:
            raise MonitorClosedError(str(error)) from error
        # Renode repeats the command first.
        said = _COLOURS.sub("", self._until_prompt(f"an answer to {command!r}", seconds).decode("utf-8", "replace"))
        answer = said.replace("\r", "").removeprefix(command).strip()
        if _ERROR.search(answer):
            raise EmulatorRefused(f"Renode did not do {command!r}. It said:\n{answer}")
        return answer

    def _until_prompt(self, what: str, seconds: float) -> bytes:
        deadline = self._clock.now() + seconds
        self._is_late = True
        while not (prompt := _PROMPT.search(self._said, max(0, len(self._said) - _PROMPT_BYTES))):
            if len(self._said) > MONITOR_BYTES:  # all that the guest does wrong may be told there too
                raise EmulatorRefused(f"Renode says without end what is not {what}: {self._said[-200:]!r}")
            try:
                data = receive(self._connection, _READ_BYTES, self._clock, deadline)
            except TimeoutError:
                raise EmulatorRefused(
                    f"Renode did not give {what} within {seconds:g} s. It said: {self._said!r}. "
                    "If the computer has much else to do, wait for that, or run fewer tests at the same time."
                ) from None
            except OSError as error:
                raise MonitorClosedError(str(error)) from error
            if not data:
                raise MonitorClosedError(self._said.decode("utf-8", "replace"))
            self._said += data
        said, self._said, self._is_late = self._said[: prompt.start()], b"", False
        return said
