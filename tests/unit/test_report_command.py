"""mpy-harness report: files in, reports out, and what it says of bad input."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mpy_harness.cli.app import application
from mpy_harness.errors import HarnessError
from mpy_harness.measurements.history import History
from tests.unit.comparison_data import example
from tests.unit.profile_trees import random_profile


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    made = example()
    made.head.write(tmp_path / "head.json")
    made.base.write(tmp_path / "base.json")
    return tmp_path


def call(*arguments: object) -> Result:
    result = CliRunner().invoke(application(), ["report", *map(str, arguments)])
    if isinstance(result.exception, HarnessError):
        raise result.exception
    return result


def test_all_forms(folder: Path) -> None:
    older = example().base.model_copy(update={"created": example().base.created - timedelta(days=1)})
    older.write(folder / "old" / "1.json")
    (folder / "profile.json").write_text(random_profile(1).to_json())
    result = call(
        folder, "--history", folder / "old", "--profile", folder / "profile.json", "--html", "out/report.html",
        "--markdown", "out/comment.md", "--csv", "out/all.csv", "--benchmark-json", "out/bench.json",
        "--bencher-json", "out/bmf.json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    names = ["report.html", "comment.md", "all.csv", "bench.json", "bench-bigger.json", "bmf.json"]
    assert result.output.split() == [f"out/{name}" for name in names]
    page = (folder / "out/report.html").read_text()
    assert "5 measurements got worse" in page
    assert 'id="trends"' in page
    assert "mpy-flame" in page
    assert (folder / "out/comment.md").read_text().startswith("### ❌")
    assert (folder / "out/all.csv").read_bytes().count(b"\r\n") == len(example().rows) + 1
    assert [each["name"] for each in json.loads((folder / "out/bench-bigger.json").read_text())] == [
        "transforms/fft[256] / snr (m33)"
    ]
    assert "filters/fir (m33)" in json.loads((folder / "out/bmf.json").read_text())


def test_without_a_base(folder: Path) -> None:
    result = call("head.json", "--markdown", "run.md", "--html", "run.html")
    assert result.exit_code == 0
    assert "measurements" in (folder / "run.md").read_text().splitlines()[0]
    assert "Verdict" not in (folder / "run.html").read_text()
    assert "--help lists the reports" in call("head.json").output


def test_prints_the_comparison(folder: Path) -> None:
    assert "5 measurements got worse" in call("head.json", "--base", "base.json").output


def test_trends_of_a_history(folder: Path) -> None:
    history = History(folder / "history.sqlite")
    older = example().base.model_copy(update={"created": example().base.created - timedelta(days=1)})
    for run in (older, example().head):
        history.add(run)
    call("head.json", "--history", "history.sqlite", "--html", "x.html")
    page = (folder / "x.html").read_text()
    assert "<nav" in page
    assert "2 revisions, from 12,000 to 13,200" in page


def test_summary_and_annotations(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = call(folder, "--summary", "--annotations")
    assert result.output.startswith("### ❌")
    assert result.output.count("::error file=cases/filters/test_iir.py,line=12,title=") == 4
    summary = folder / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    assert call(folder, "--summary").output == ""
    assert summary.read_text().startswith("before\n### ❌")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("empty",), "holds no measurements"),
        (("nothing",), "there is no .nothing"),
        (("bad.json",), "is not a file of measurements"),
        (("head.json", "--base", "bad.json"), "is not a file of measurements"),
        (("head.json", "--html", "x.html", "--profile", "bad.json"), "bad.json: this is not a profile"),
        (("head.json", "--html", "x.html", "--elf", "bad.json"), "is not a whole ELF file"),
        (("head.json", "--csv", "bad.json/x.csv"), "cannot be written"),
    ],
)
def test_bad_input_is_told(folder: Path, arguments: tuple[str, ...], says: str) -> None:
    (folder / "empty").mkdir()
    (folder / "bad.json").write_text('{"format": "other"}')
    with pytest.raises(HarnessError, match=says):
        call(*arguments)
