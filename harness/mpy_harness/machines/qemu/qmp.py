"""A client for QEMU's machine protocol, as far as we need it (QEMU manual, "QEMU Machine Protocol")."""

from __future__ import annotations

import contextlib
import json
import re
import socket
from typing import Any

from mpy_harness.machines.clock import Clock, receive

_SECONDS = 2.0
_READ_BYTES = 65536


class Qmp:
    """Commands to a running QEMU over a connected socket; ``core`` is the one that is looked at."""

    def __init__(self, connection: socket.socket, clock: Clock, core: int = 0) -> None:
        self._connection = connection
        self._clock = clock
        self._received = bytearray()
        self._core = core
        self._sent = 0
        self._shutdown: dict[str, Any] = {}
        #: How often the guest has been let go on, as far as events were read.
        self.resumed = 0

    def greet(self, seconds: float) -> bool:
        """Tell whether QEMU has set up its machine and takes commands."""
        try:
            return bool(self._line(seconds)) and self._exchange("qmp_capabilities", {}, seconds) is not None
        except (OSError, ValueError):
            return False

    def execute(self, command: str, **arguments: str | int) -> Any:
        """Run a command and return its result, or None where QEMU does not answer in time."""
        try:
            return self._exchange(command, arguments)
        except (OSError, ValueError):
            return None

    def reset(self) -> bool:
        """Reset the machine, which stands still before and after; tell whether that was done."""
        # -no-reboot is for the guest's resets, and QEMU takes it for ours as well.
        if self.execute("set-action", reboot="reset") is None:
            return False
        self.execute("system_reset")
        deadline = self._clock.now() + _SECONDS
        while not (is_done := self._status() == "prelaunch") and not self._clock.is_past(deadline):
            pass
        return self.execute("set-action", reboot="shutdown") is not None and is_done

    def _status(self) -> str:
        told = self.execute("query-status")
        return str(told.get("status")) if isinstance(told, dict) else ""

    def is_halted(self) -> bool:
        """Tell whether QEMU has halted the machine, as at a breakpoint."""
        return self._status() == "debug"

    def register(self, *names: str) -> int | None:
        """Return the value of one of the core's registers, by the names that it has on different cores."""
        asked: dict[str, str | int] = {"command-line": "info registers", "cpu-index": self._core}
        text = self.execute("human-monitor-command", **asked)
        if not isinstance(text, str):
            return None
        found = re.search(rf"\b(?:{'|'.join(names)})\s*[=:]?\s*([0-9a-fA-F]{{4,16}})\b", text)
        return int(found.group(1), 16) if found else None

    def read_memory(self, address: int, size: int) -> bytes:
        """Return bytes as the core sees them, b"" where it sees none."""
        # QEMU 10 extends an address of a 32-bit RISC-V by its sign, and then x finds nothing in the upper half.
        # Where the core translates nothing, xp reads the same.
        return self._dump("x", address, size) or self._dump("xp", address, size)

    def _dump(self, command: str, address: int, size: int) -> bytes:
        asked: dict[str, str | int] = {"command-line": f"{command} /{size}xb {address:#x}", "cpu-index": self._core}
        text = self.execute("human-monitor-command", **asked)
        if not isinstance(text, str):
            return b""
        lines = [line.partition(":")[2].split() for line in text.splitlines()]
        digits = [byte.removeprefix("0x") for line in lines for byte in line]
        return bytes.fromhex("".join(digits)) if len(digits) == size and "annot" not in text else b""

    def ended_from_outside(self) -> str:
        """Return why a QEMU that has ended did so, if it was not its guest: host-signal, host-qmp-quit and so on."""
        with contextlib.suppress(OSError, ValueError):
            while line := self._line(_SECONDS):  # what it told last; its end is closed, so this comes to an end
                self._note(json.loads(line))
        return "" if self._shutdown.get("guest", True) else str(self._shutdown.get("reason", "host"))

    def close(self) -> None:
        """Close the connection."""
        with contextlib.suppress(OSError):
            self._connection.close()

    def begin(self, command: str) -> bool:
        """Send a command without waiting for its answer; tell whether QEMU is there."""
        try:
            self._send(command, {})
        except OSError:
            return False
        return True

    def _exchange(self, command: str, arguments: dict[str, str | int], seconds: float = _SECONDS) -> Any:
        number = self._send(command, arguments)
        while line := self._line(seconds):
            answer = json.loads(line)
            if answer.get("id") == number:  # not an event, nor a late answer to another command
                return answer.get("return")
            self._note(answer)
        return None

    def _line(self, seconds: float) -> bytes:
        # The next line, b"" where QEMU is gone.
        deadline = self._clock.now() + seconds
        while (end := self._received.find(b"\n") + 1) == 0:
            data = receive(self._connection, _READ_BYTES, self._clock, deadline)
            if not data:
                return b""
            self._received += data
        line = bytes(self._received[:end])
        del self._received[:end]
        return line

    def _note(self, event: dict[str, Any]) -> None:
        if event.get("event") == "SHUTDOWN":
            self._shutdown = event.get("data", {})
        if event.get("event") == "RESUME":
            self.resumed += 1

    def _send(self, command: str, arguments: dict[str, str | int]) -> int:
        self._sent += 1
        request = {"execute": command, "arguments": arguments, "id": self._sent}
        self._connection.settimeout(_SECONDS)
        self._connection.sendall(json.dumps(request).encode() + b"\n")
        return self._sent
