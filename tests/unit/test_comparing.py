"""The command that compares: its statuses, what it prints, and the schema beside it."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import pytest

from mpy_harness.cli.compare import Form, compare_sources
from mpy_harness.measurements.run import Measurement, Run, schema
from tests import warm

DOCS = Path(__file__).parents[2] / "docs"


def write(name: str, **values: int) -> str:
    measurements = tuple(
        Measurement(target="m33", case=case, metric="instructions", value=value) for case, value in values.items()
    )
    Run(created=datetime(2026, 11, 21, tzinfo=timezone.utc), measurements=measurements).write(Path(name))
    return name


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("")
    return tmp_path


@pytest.mark.parametrize(
    ("head", "options", "status", "said"),
    [
        ({"a": 1, "b": 2}, {}, 0, "No measurement got worse, 2 the same"),
        ({"a": 1, "b": 1, "c": 5}, {}, 0, "No measurement got worse, 1 better, 1 the same, 1 added"),
        ({"a": 2, "b": 1}, {}, 1, "1 measurement got worse, 1 better"),
        ({"a": 1}, {}, 1, "alert: m33 / b disappeared (instructions)"),
        ({"a": 1}, {"may_disappear": True}, 0, "1 removed"),
        ({}, {}, 1, "alert: no measurements found"),
    ],
)
def test_statuses(capsys, head, options, status, said):
    assert compare_sources(write("base.json", a=1, b=2), write("head.json", **head), **options) == status
    assert said in capsys.readouterr().out


def test_thresholds_are_those_of_the_project(capsys, project):
    files = write("base.json", a=1000), write("head.json", a=1010)
    assert compare_sources(*files) == 1
    (project / "pyproject.toml").write_text("[tool.mpy-harness.thresholds]\ninstructions = '1%'\n")
    assert compare_sources(*files) == 0
    assert "within 1%" not in capsys.readouterr().out
    assert compare_sources(*files, detailed=True) == 0
    assert "within 1%" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("form", "said"), [(Form.TABLE, "worse"), (Form.MARKDOWN, "| case | metric |"), (Form.CSV, "m33,")]
)
def test_forms(capsys, form, said):
    assert compare_sources(write("base.json", a=1), write("head.json", a=2), form=form) == 1
    assert said in capsys.readouterr().out


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return warm.run([sys.executable, "-m", "mpy_harness", *arguments], env={**os.environ, "COLUMNS": "160"})


def test_what_cannot_be_compared_is_status_2_and_a_message(project):
    Path("broken.json").write_text('{"format": "mpy-harness measurements 7"}')
    result = command("compare", "broken.json", write("head.json", a=1))
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("mpy-harness: broken.json is not a file of measurements that this version reads: ")
    (project / "pyproject.toml").write_text("[tool.mpy-harness]\nthresholds = 1\n")
    result = command("compare", "head.json", "head.json")
    assert (result.returncode, result.stdout) == (2, "")
    assert "pyproject.toml, table tool.mpy-harness: thresholds: Input should be a valid dictionary" in result.stderr


def test_the_published_schema_is_that_of_the_model():
    published = (DOCS / "measurements.schema.json").read_text(encoding="utf-8")
    assert published == schema(), "mpy-harness schema > docs/measurements.schema.json"
