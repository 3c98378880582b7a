"""Targets that may not be able to run here: their tests skip, and say what to install."""

from __future__ import annotations

import pytest

from mpy_harness import machines
from mpy_harness.errors import ToolMissing
from mpy_harness.programs.build import check_tools
from mpy_harness.targets import Target, load_target

#: The others are what every checkout has to have: without those, tests fail.
MAY_BE_ABSENT = {"mega", "rv32", "uno"}


def target_or_skip(name: str) -> Target:
    """Return a target; skip the test where it may be absent, and its emulator or compiler is."""
    target = load_target(name)
    try:
        machines.kind_of(target).find()
        check_tools(target)
    except ToolMissing as error:
        if name not in MAY_BE_ABSENT:
            raise
        pytest.skip(f"target {name}: {error}")
    return target
