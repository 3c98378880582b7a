"""The native module misbehaving.c, which does what native modules must not do."""

from __future__ import annotations

from pathlib import Path

from mpy_harness.firmware.natmods import NatmodBuild
from tests.emulator.tiny import build_tiny

SOURCE = Path(__file__).with_suffix(".c").read_text(encoding="utf-8")


def build_misbehaving(folder: Path, target_name: str = "m33") -> NatmodBuild:
    """Build the module for a target."""
    return build_tiny(folder, "misbehaving", SOURCE, target_name)


def line_of(code: str) -> int:
    """Return the only line of the module's source that has this code."""
    (found,) = (number for number, line in enumerate(SOURCE.splitlines(), 1) if code in line)
    return found
