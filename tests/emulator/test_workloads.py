"""Workloads in projects: the example of docs/workloads.md, and what its test says where it cannot run."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from mpy_harness.firmware.progress import Silent
from mpy_harness.golden import VectorStore
from tests import warm

DOCUMENT = Path(__file__).parents[2] / "docs" / "workloads.md"
FOLDER = "cases/sums/cumsum"


@pytest.fixture
def example(project: pytest.Pytester) -> Path:
    """The example's files in a project, with its vectors pinned."""
    files = re.findall(r"```python\n# (\S+)\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert len(files) == 4
    for name, text in files:
        file = project.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    folder = project.path / FOLDER
    for package in (folder, folder.parent, folder.parent.parent):
        (package / "__init__.py").touch()
    project.makeini('[pytest]\npython_files = "test_*.py" "workload.py"\n')
    VectorStore(folder / "vectors.py", Silent()).pin()
    return folder


def run(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    options = ["-p", "no:cacheprovider", "--target", "m33"]
    return warm.run_pytest(project, *options, *arguments, timeout=300)


def test_the_documents_example(project: pytest.Pytester, example: Path) -> None:
    result = run(project, FOLDER, "--measurements", "run.json", "-rs")
    result.assert_outcomes(passed=3)
    found = {
        (each["case"], each["metric"]): each
        for each in json.loads((project.path / "run.json").read_text(encoding="utf-8"))["measurements"]
        if each["case"] != "firmware"
    }
    names = [f"cumsum/noise ({form})" for form in ("@native", "python", "viper")]
    assert sorted(found) == [(name, metric) for name in names for metric in ("exact", "instructions")]
    native, python, viper = (found[name, "instructions"]["value"] for name in names)
    assert viper < native < python
    lines = (example / "workload.py").read_text(encoding="utf-8").splitlines()
    for each in found.values():
        assert each["file"] == f"{FOLDER}/workload.py"
        assert "def cases" in lines[each["line"] - 1]


def test_what_cannot_run_is_skipped_and_says_why(project: pytest.Pytester, example: Path) -> None:
    text = (example / "workload.py").read_text(encoding="utf-8")
    text = text.replace('("run",)', '("run",)\n    archs = {"viper": ("armv6m", "xtensawin")}')
    text = text.replace("self.added_up)", 'self.added_up, ram={"python": 1 << 30})')
    (example / "workload.py").write_text(text, encoding="utf-8")
    (example / "asm_thumb.py").write_text("@micropython.asm_avr\ndef run(r0, r1):\n    pass\n", encoding="utf-8")
    result = run(project, FOLDER, "-rs")
    result.assert_outcomes(passed=1, skipped=3)
    said = result.stdout.str()
    assert len(re.findall(r"SKIPPED \[1\] \S+mpy_harness/workloads/workload\.py:\d+: ", said)) == 3
    assert "the form viper is for armv6m, xtensawin; m33 is armv7emsp" in said
    assert re.search(r"takes about 1048576 KB of RAM, m33 has \d+ KB free", said)
    assert "this firmware has no emitter for the form asm: invalid micropython decorator" in said


def test_forms_share_a_file_of_their_neighbourhood(project: pytest.Pytester, example: Path) -> None:
    text = (example / "viper.py").read_text(encoding="utf-8")
    called, shared = text.split("\n\n@micropython.viper")
    (example / "viper.py").write_text(f"from sums_of_numbers import add_up\n\n{called}", encoding="utf-8")
    above = example.parent.parent / "sums_of_numbers.py"
    shared = shared.replace("total = 0", "total = int(FIRST)")
    above.write_text(f"from first import FIRST\n\n@micropython.viper{shared}", encoding="utf-8")
    (example / "first.py").write_text("FIRST = 0\n", encoding="utf-8")
    run(project, FOLDER, "-k", "viper").assert_outcomes(passed=1)
    above.unlink()
    result = run(project, FOLDER, "-k", "viper")
    result.assert_outcomes(failed=1)
    assert "no module named 'sums_of_numbers'" in result.stdout.str()


def test_a_wrong_result_fails_with_the_case(project: pytest.Pytester, example: Path) -> None:
    file = example / "bytecode.py"
    file.write_text(file.read_text(encoding="utf-8").replace("total = 0", "total = 1"), encoding="utf-8")
    result = run(project, FOLDER)
    result.assert_outcomes(passed=1, failed=2)
    assert "cumsum/noise (m33 python): exact 256" in result.stdout.str()


def test_a_class_that_is_imported_would_run_twice(project: pytest.Pytester, example: Path) -> None:
    other = example.with_name("other")
    other.mkdir()
    (other / "__init__.py").touch()
    (other / "workload.py").write_text("from cases.sums.cumsum.workload import Cumsum\n", encoding="utf-8")
    result = run(project, "cases")
    result.assert_outcomes(errors=1)
    assert "import the module cases.sums.cumsum.workload instead" in result.stdout.str()
