"""``python -m mpy_harness``: the command line."""

from __future__ import annotations

from mpy_harness.cli.app import main

main()
