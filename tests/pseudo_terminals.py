"""Pseudo-terminals, where the system has them: a bare container may not."""

from __future__ import annotations

import os

import pytest


def pseudo_terminal() -> tuple[int, int]:
    """Return both ends of a new pseudo-terminal. Skip the test where none can be had."""
    try:
        return os.openpty()
    except OSError as error:
        pytest.skip(f"no pseudo-terminal can be had ({error}): mount devpts on /dev/pts")
