"""What a pull request is told: a multiply more a sample, a table of 1 kB more, and nothing where nothing changed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mpy_harness.measurements.compare import compare
from mpy_harness.measurements.comparison import Comparison
from mpy_harness.measurements.run import read_run
from mpy_harness.resources import natmods_dir
from tests.emulator.projects import mpy_harness, run, write

SAMPLES, SECTIONS = 96, 3
TEST = f"""
import numpy as np

def test_filter(board, natmod):
    filt = natmod("iir").new(np.tile(np.array([0.5, 0.25, 0.1, 1, -0.3, 0.2], np.float32), {SECTIONS}))
    samples = np.ones({SAMPLES}, np.float32)
    with board.count("filter"):
        filt.run(samples)
"""

UNCHANGED = ("", "")
MULTIPLY = ("            out[i] = y;\n", "            out[i] = y * b0;\n")
TABLE = (
    "            out[i] = y;\n",
    "            out[i] = y + window[i % 1024];\n",
)
WINDOW = "static const unsigned char window[1024] = {[0 ... 1023] = 7};\n\n// Filter n samples"


def measure(project: pytest.Pytester, name: str, change: tuple[str, str]) -> Path:
    """Run the test in a checkout of its own, with the change to the module; return the file of measurements."""
    checkout = project.path / name
    shutil.copytree(natmods_dir() / "iir", checkout / "natmods" / "iir")
    source = checkout / "natmods" / "iir" / "iir_core.h"
    text = source.read_text()
    assert change[0] in text
    text = text.replace(*change) if change[0] else text
    if "window" in change[1]:
        text = text.replace("// Filter n samples", WINDOW)
    source.write_text(text)
    write(project, **{f"{name}__test_filter": TEST})
    (checkout / "pytest.ini").write_text("[pytest]\n")
    file = project.path / f"{name}.json"
    result = run(
        project,
        "--rootdir",
        checkout,
        "-c",
        checkout / "pytest.ini",
        "--counting",
        "functions",
        "--measurements",
        file,
        checkout / "test_filter.py",
    )
    result.assert_outcomes(passed=1)
    return file


def reported(project: pytest.Pytester, base: Path, head: Path) -> tuple[int, str, str]:
    """Return the status of ``mpy-harness compare`` and what Markdown and page say."""
    done = mpy_harness("compare", str(base), str(head), cwd=project.path)
    made = mpy_harness(
        "report", str(head), "--base", str(base), "--markdown", "it.md", "--html", "it.html", cwd=project.path
    )
    assert "Traceback" not in done.stderr + made.stderr
    return done.returncode, (project.path / "it.md").read_text(), (project.path / "it.html").read_text()


def worse(base: Path, head: Path) -> dict[tuple[str, str], float]:
    found: Comparison = compare(read_run(base), read_run(head))
    return {(row.measurement.case, row.measurement.metric): row.delta or 0 for row in found.of("worse")}


def test_two_checkouts_differ_in_nothing(project):
    base, head = measure(project, "one", UNCHANGED), measure(project, "two", UNCHANGED)
    found = compare(read_run(base), read_run(head))
    assert len(found.rows) > 5
    assert {row.verdict for row in found.rows} == {"same"}
    assert not found.alerts
    assert not found.reasons
    status, _, _ = reported(project, base, head)
    assert status == 0


def test_a_multiply_more_a_sample(project):
    base, head = measure(project, "base", UNCHANGED), measure(project, "head", MULTIPLY)
    grown = worse(base, head)
    assert grown["test_filter.py::test_filter: filter", "instructions"] == SAMPLES * SECTIONS
    code = grown["natmods/iir", "text"]
    assert grown["natmods/iir", "file"] == code == 4  # one instruction more
    status, markdown, page = reported(project, base, head)
    assert status == 1
    assert f"`filter_run` (`iir`): +{SAMPLES * SECTIONS} instructions" in markdown
    for text in (f"+{SAMPLES * SECTIONS}", "filter_run", "test_filter.py::test_filter"):
        assert text in page


def test_a_table_more(project):
    base, head = measure(project, "base", UNCHANGED), measure(project, "head", TABLE)
    grown = worse(base, head)
    assert grown["natmods/iir", "rodata"] == 1024
    assert grown["natmods/iir", "ram"] == 1024 + grown["natmods/iir", "text"]
    status, markdown, page = reported(project, base, head)
    assert status == 1
    assert "`window` (`iir`): +1,024 B" in markdown
    for text in ("+1,024", "window"):
        assert text in page
