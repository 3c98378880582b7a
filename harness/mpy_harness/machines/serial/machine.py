"""A board that is connected: it was on before, and it goes on afterwards as if nothing had been."""

from __future__ import annotations

import contextlib
import re
import select
import subprocess
import time
from collections.abc import Callable, Sequence

import serial

from mpy_harness.errors import BoardGone, GuestFailure, GuestReset, HarnessError, PortRefused, ToolMissing
from mpy_harness.machines.base import End, Machine
from mpy_harness.machines.espressif.panics import find_panic
from mpy_harness.machines.serial import port as ports
from mpy_harness.machines.streams import ByteStream, DescriptorStream

_APPEARS_SECONDS = 8.0  # until a board that was reset has its USB port again
_SENT_SECONDS = 1.0
_RESET_SECONDS = 60.0
_RESTART_SECONDS = 3.0
# From whatever it does to its friendly prompt, and there a reset that runs boot.py and main.py, as after power-on.
_GOODBYE = b"\r\x03\x03\x02\x04"
_RESET = b"\r\x03\x03\x01import machine;machine.reset()\x04"
# What the friendly prompt begins with: it is shown after a start, and nobody asks for it in between.
_BANNER = re.compile(rb"MicroPython v[^\r\n]+\r\nType \"help\(\)\" for more information\.\r\n")
_ENDED = select.POLLHUP | select.POLLERR | select.POLLNVAL | getattr(select, "POLLRDHUP", 0)


class SerialBoard(Machine):
    """A board at a port.

    Closing it starts the board anew, with its own ``boot.py`` and ``main.py``. ``reset_command`` is a program of the
    host that resets it, none where that is empty.
    """

    greets = False

    def __init__(self, port: str, baudrate: int, reset_command: Sequence[str] = ()) -> None:
        self._port, self._baudrate, self._reset_command = port, baudrate, reset_command
        self._is_closed = False
        self._open()

    def _open(self) -> None:
        self._file = ports.opened(self._port, self._baudrate, _APPEARS_SECONDS if ports.is_there(self._port) else 0)
        self.console: ByteStream = DescriptorStream(self._file)

    def ended(self) -> End | None:
        """Return that the port is gone, None while it is there."""
        if self._is_closed or not self._file.is_open:
            return End("closed")
        poll = select.poll()
        poll.register(self._file.fileno(), _ENDED)
        return End("its port closed") if any(event & _ENDED for _, event in poll.poll(0)) else None

    def close(self) -> None:
        """Let the board go on with its own programs. Calling it again does nothing."""
        if not self._is_closed:
            self._is_closed = True
            self._say(_GOODBYE)
            self._file.close()

    def switch_off(self) -> None:
        """Reset the board's hardware; raises PortRefused where its ``reset_command`` fails."""
        if self._reset_command:
            self._file.close()
            self._run_reset()
        else:
            self._say(_RESET)
            self._wait_for_reset()
            self._file.close()
        self._is_closed = True

    def reset(self) -> bool:
        """Run the command that resets the board, where there is one, and connect again."""
        if not self._reset_command:
            return False
        self._file.close()
        self._run_reset()
        self._open()
        return True

    def explain_crash(self, console: bytes, where: Callable[[int], str]) -> GuestFailure | None:
        """Return what the guest's last words mean, a start that nobody asked for included."""
        crash = find_panic(console, where) or super().explain_crash(console, where)
        if crash is None and _BANNER.search(console):
            return GuestReset("guest code reset the board (machine.reset(), a watchdog or a crash that told nothing)")
        return crash

    def explain_end(self, end: End | None, name: str) -> HarnessError:
        """Return whether the board was reset, and is there again, or is gone."""
        del end
        self._file.close()
        deadline = time.monotonic() + _RESTART_SECONDS
        while time.monotonic() < deadline:
            time.sleep(0.05)
            if self._is_back():
                return GuestReset(f"the port of {name} went away and is back: guest code reset the board")
        return BoardGone(f"the board {name} is gone ({self._port}): plug it in again, and look at its cable")

    def explain_silence(self, console: bytes) -> str:
        """Tell what to do with a board that does not come to its prompt."""
        does = "prints, but its program" if console else "says nothing:"
        return (
            f"The board {does} does not stop for Ctrl-C. Reset it, or keep its main.py from running (safe mode), or "
            "give the harness a program that resets it: reset_command in [serial]. Is it MicroPython at this port?"
        )

    def _is_back(self) -> bool:
        try:
            again = ports.opened(self._port, self._baudrate, 0)
        except (PortRefused, ToolMissing):
            return False
        again.close()
        return True

    def _say(self, words: bytes) -> None:
        # The port may be gone, or nobody may read there: then nobody hears it.
        with contextlib.suppress(OSError, TimeoutError, serial.SerialException):
            self.console.write(words, _SENT_SECONDS)
            deadline = time.monotonic() + _SENT_SECONDS
            while getattr(self._file, "out_waiting", 0) and time.monotonic() < deadline:
                time.sleep(0.01)

    def _wait_for_reset(self) -> None:
        # A board with USB of its own goes away. Any other says that it has read the line; it answers nothing more until
        # it has started again.
        heard, deadline = b"", time.monotonic() + _SENT_SECONDS
        with contextlib.suppress(OSError, TimeoutError):
            while b"raw REPL; CTRL-B to exit\r\n>OK" not in heard and time.monotonic() < deadline:
                data = self.console.read(4096, deadline - time.monotonic())
                if not data:
                    break
                heard += data

    def _run_reset(self) -> None:
        try:
            done = subprocess.run(
                self._reset_command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_RESET_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise PortRefused(
                f"reset_command of the board at {self._port} does not run: {error}. Correct it."
            ) from error
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace")[-500:].strip()
            raise PortRefused(
                f"reset_command of the board at {self._port} failed (status {done.returncode}): {said}. Correct it."
            )
