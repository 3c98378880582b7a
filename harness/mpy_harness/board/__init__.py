"""What a test holds: a booted target with a REPL, files, memory and native modules."""

from __future__ import annotations

from mpy_harness.board.board import Board
from mpy_harness.board.objects import GuestObject

__all__ = ["Board", "GuestObject"]
