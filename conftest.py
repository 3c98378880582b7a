"""Turns the plugin on for this repository, and keeps NumPy as it comes for each test.

An installed mpy-harness, editable too, registers itself through its ``pytest11`` entry point; only
a checkout that is not installed needs to name it, and naming it twice would be an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import entry_points

import numpy as np
import pytest

pytest_plugins = ["pytester"]  # the plugin's own tests run pytest in pytest
if not any(entry.value == "mpy_harness.plugin" for entry in entry_points(group="pytest11")):
    pytest_plugins.append("mpy_harness.plugin")


@pytest.fixture(autouse=True)
def numpy_as_it_comes() -> Iterator[None]:
    """Let NumPy treat errors of floats as it does by itself: importing emlearn makes each an exception, for good.

    So a reference would raise or not by what the same process ran before.
    """
    with np.errstate(divide="warn", over="warn", under="ignore", invalid="warn"):
        yield
