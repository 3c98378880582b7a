"""Turns the plugin on for this repository.

An installed mpy-harness, editable too, registers itself through its ``pytest11`` entry point; only
a checkout that is not installed needs to name it, and naming it twice would be an error.
"""

from __future__ import annotations

from importlib.metadata import entry_points

pytest_plugins = ["pytester"]  # the plugin's own tests run pytest in pytest
if not any(entry.value == "mpy_harness.plugin" for entry in entry_points(group="pytest11")):
    pytest_plugins.append("mpy_harness.plugin")
