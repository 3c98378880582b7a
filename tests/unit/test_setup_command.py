"""The command setup, for several targets at once."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from mpy_harness.cli import setup
from mpy_harness.cli.app import application
from mpy_harness.errors import SourceUnavailable, ToolMissing


@pytest.mark.parametrize("error", [ToolMissing, SourceUnavailable])
def test_a_target_of_a_pattern_may_be_out_of_reach(error, monkeypatch):
    done = []

    def set_up(target, *_arguments, **_options):
        if target.name == "esp32":
            raise error("there is no network")
        done.append(target.name)

    monkeypatch.setattr(setup, "_set_up", set_up)
    told = CliRunner().invoke(application("setup", "doctor"), ["setup", "esp32*"])
    assert told.exit_code == 0
    assert done == ["esp32c3", "esp32s3"]
    assert "esp32 is left out. there is no network" in told.output
    with pytest.raises(error):
        CliRunner().invoke(application("setup", "doctor"), ["setup", "esp32", "esp32c3"], catch_exceptions=False)
