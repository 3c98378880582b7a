"""What takes long is said on pytest's terminal while it is going on."""

from __future__ import annotations

import pytest


class TerminalProgress:
    """Writes progress to the terminal although pytest captures output; a worker of xdist has none to write to."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def stage(self, message: str) -> None:
        """Write a line of its own."""
        plugins = self._config.pluginmanager
        reporter, capture = plugins.get_plugin("terminalreporter"), plugins.get_plugin("capturemanager")
        if reporter is None or capture is None:
            return
        with capture.global_and_fixture_disabled():
            reporter.ensure_newline()
            reporter.write_line(f"mpy-harness: {message}")

    def detail(self, message: str) -> None:
        """Leave out what would need a line that changes."""
