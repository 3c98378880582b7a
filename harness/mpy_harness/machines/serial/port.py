"""Ports at which boards are: opened, and told of."""

from __future__ import annotations

import errno
import os
import time

import serial
from serial.tools import list_ports

from mpy_harness.errors import PortRefused, ToolMissing

_SOCKET = "socket://"
_MOST_NAMED = 8


def is_there(port: str) -> bool:
    """Tell whether a port exists; a socket may."""
    return port.startswith(_SOCKET) or os.path.exists(port)  # noqa: PTH110 - no path, perhaps


def said_of_others() -> str:
    """Return a sentence on which ports there are."""
    found = [f"{each.device} ({each.description})" for each in list_ports.comports()][:_MOST_NAMED]
    return f"There are {', '.join(sorted(found))}." if found else "There is none that looks like a board's."


def opened(port: str, baudrate: int, seconds: float) -> serial.SerialBase:
    """Return the open port, of which no other program that asks has a part.

    A board that was reset may take its time until it is there again: so many seconds at most. Raises ToolMissing where
    it is not, PortRefused where it is in use or must not be used.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            return serial.serial_for_url(port, baudrate=baudrate, timeout=0, exclusive=True)
        except (serial.SerialException, ValueError, OSError) as error:
            if time.monotonic() > deadline:
                raise _refused(port, error) from error
        time.sleep(0.05)


def _refused(port: str, error: Exception) -> PortRefused | ToolMissing:
    number = getattr(error, "errno", None)
    if number in {errno.ENOENT, errno.ENXIO, errno.ENODEV} and not port.startswith(_SOCKET):
        return ToolMissing(f"the board at {port} is not there any more: plug it in. {said_of_others()}")
    if number in {errno.EACCES, errno.EPERM}:
        return PortRefused(
            f"the port {port} must not be used by you: become a member of its group (most often: sudo usermod -a -G "
            "dialout $USER) and log in again."
        )
    if number in {errno.EAGAIN, errno.EBUSY} or "exclusively lock" in str(error):
        return PortRefused(
            f"the port {port} is in use by another program: close it. Several processes of one run (pytest -n) cannot "
            "share a board either: use -n 0."
        )
    return PortRefused(f"the port {port} cannot be opened: {error}. Name a serial port or {_SOCKET}HOST:PORT.")
