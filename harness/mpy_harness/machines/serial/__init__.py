"""Boards on the desk: MicroPython behind a serial port, a pseudo-terminal or a socket."""

from __future__ import annotations
