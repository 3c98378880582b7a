"""Measurements of a run as users meet them: files, JUnit properties, local baselines."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from mpy_harness.measurements.compare import compare
from mpy_harness.measurements.run import Failure, Measurement, read_run
from mpy_harness.resources import natmods_dir
from tests.emulator.projects import run, section, write

#: Judged on the host: no board has to boot for most of what is shown here.
CASES = """
import pytest

@pytest.mark.parametrize("number", [1, 2])
def test_case(golden, number):
    golden.check([1.0, 2.0], [1.0, 2.0 + number], case=f"small/{number}", metric="max_abs", limit=3, form="python")

def test_exact(golden):
    golden.check([1.0], [1.0], case="small/exact", metric="snr", limit=3)
"""


def figures(file: Path) -> dict[str, Measurement]:
    return {f"{each.case}: {each.metric}": each for each in read_run(file).measurements}


@pytest.mark.parametrize("workers", [[], ["-n2"]])
def test_a_file_of_all_that_was_measured(project, workers):
    write(project, cases__test_it=CASES)
    result = run(project, *workers, "--measurements", "out/run.json", "--junitxml", "junit.xml")
    result.assert_outcomes(passed=3)
    found = read_run(project.path / "out" / "run.json")
    one = figures(project.path / "out" / "run.json")
    assert one["small/2 (python): max_abs"] == Measurement(
        target="m33", case="small/2 (python)", metric="max_abs", value=2.0, limit=3.0, file="cases/test_it.py", line=4
    )
    assert (one["small/exact: snr"].value, one["small/exact: snr"].better) == (1e300, "higher")
    assert sum(part.value for part in one["firmware: flash"].parts) == one["firmware: flash"].value > 100_000
    facts = found.provenance["m33"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", facts.micropython)
    assert "QEMU" in facts.emulator
    assert "gcc" in facts.toolchain
    (text,) = section(result, "measurements")
    assert f"5 measurements in {project.path / 'out' / 'run.json'}" in text
    assert str(project.path) not in (project.path / "out" / "run.json").read_text()
    # JUnit: what people read, no JSON of ours.
    properties = {
        each.get("name"): each.get("value")
        for each in ET.parse(project.path / "junit.xml").iter("property")  # noqa: S314 - pytest's
    }
    assert properties == {
        "m33: small/1 (python): max_abs": "1.0",
        "m33: small/2 (python): max_abs": "2.0",
        "m33: small/exact: snr dB": "1e+300",
    }


REGIONS = """
import pytest

pytestmark = pytest.mark.counting("functions")

@pytest.mark.parametrize("rounds", [100])
def test_regions(board, natmod, golden, rounds):
    natmod("iir")
    for _ in range(2):
        with board.count("loop"):
            board.exec(f"for i in range({rounds}): pass")
    golden.check([1.0], [1.0], case="after", metric="exact", limit=0)

@pytest.mark.budget(instructions=1)
def test_budget(board):
    with board.count("inner"):
        board.exec("x = sum(range(100))")

def test_fails_in_a_region(board):
    with board.count("half"):
        board.exec("raise ValueError")
"""


def test_regions_whole_tests_and_native_modules(project):
    write(project, test_it=REGIONS)
    result = run(project, "--measurements", "one.json")
    result.assert_outcomes(passed=1, failed=2)
    found = figures(project.path / "one.json")
    loop = found["test_it.py::test_regions[100]: loop: instructions"]
    assert loop.value == found["after: instructions"].value > 1000
    assert sum(part.value for part in loop.parts) == loop.value
    assert any(part.name == "mp_execute_bytecode" or part.module == "python" for part in loop.parts)
    assert (
        found["test_it.py::test_budget: instructions"].value
        >= found["test_it.py::test_budget: inner: instructions"].value
    )
    assert not any("half" in name for name in found)
    assert loop.natmods == ("iir/armv7emsp",)
    assert found["natmods/iir: file"].unit == "B"
    assert sum(part.value for part in found["natmods/iir: ram"].parts) == found["natmods/iir: ram"].value
    assert read_run(project.path / "one.json").natmods.keys() == {"iir/armv7emsp"}
    # Another run, over processes, says the same.
    run(project, "-n2", "--measurements", "two.json")
    comparison = compare(read_run(project.path / "one.json"), read_run(project.path / "two.json"))
    assert {row.verdict for row in comparison.rows} == {"same"}
    # One loop more: which function took it.
    test = project.path / "test_it.py"
    test.write_text(test.read_text().replace("{rounds}", "{rounds + 1}"))
    run(project, "--measurements", "three.json")
    comparison = compare(read_run(project.path / "one.json"), read_run(project.path / "three.json"))
    worse = {row.measurement.case: row for row in comparison.of("worse")}
    assert worse.keys() == {"test_it.py::test_regions[100]: loop", "after"}
    row = worse["after"]
    assert row.delta == sum(part.delta for part in row.parts) > 0


def test_baselines_are_saved_and_checked(project):
    write(project, a__test_a=CASES, b__test_b=CASES.replace("small", "other"))
    result = run(project, "--baseline", "save", "before", "a", "b")
    assert "8 measurements saved as before" in section(result, "measurements")[0]
    same = run(project, "--baseline", "check", "before")
    assert same.ret == 0
    assert "No measurement got worse, 8 the same" in section(same, "measurements")[0]
    test = project.path / "a" / "test_a.py"
    test.write_text(CASES.replace("2.0 + number", "2.1 + number"))
    worse = run(project, "-n2", "--baseline", "check", "before")
    assert worse.ret == 1
    worse.assert_outcomes(passed=6)
    assert "2 measurements got worse, 6 the same" in section(worse, "measurements")[0]
    # What was not asked for is not missed; what disappeared from what was asked for is.
    part = run(project, "--baseline", "check", "before", "b")
    assert part.ret == 0
    assert "No measurement got worse, 5 the same" in section(part, "measurements")[0]
    assert run(project, "--baseline", "check", "before", "-k", "exact").ret == 0
    assert run(project, "--baseline", "check", "before", "a/test_a.py::test_exact").ret == 0
    test.write_text(CASES.replace("def test_case", "def not_a_test"))
    gone = run(project, "--baseline", "check", "before", "a")
    assert gone.ret == 1
    assert "alert: m33 / small/1 (python) disappeared (max_abs)" in section(gone, "measurements")[0]
    test.unlink()
    assert run(project, "--baseline", "check", "before").ret == 1


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "xdist"])
def test_a_case_whose_test_failed_has_not_disappeared(project, workers):
    write(project, test_a=CASES, test_b=CASES.replace("small", "other"))
    run(project, "--baseline", "save", "before")
    (project.path / "test_a.py").write_text("import pytest\n\ndef test_case(target):\n    raise ValueError\n")
    failed = run(project, *workers, "--baseline", "check", "before", "--measurements", "run.json")
    assert failed.ret == 1
    (text,) = section(failed, "measurements")
    assert "1 test failed, no measurement got worse, 5 the same, 3 not measured, because a test failed" in text
    assert "alert" not in text
    assert read_run(project.path / "run.json").failed == (
        Failure(target="m33", test="test_a.py::test_case", file="test_a.py"),
    )


def test_the_verdict_is_the_last_word(project):
    write(project, test_a=CASES)
    run(project, "--baseline", "save", "before")

    def last(*arguments):
        result = run(project, "--baseline", "check", "before", *arguments)
        return result.outlines[-1].strip("= ")

    assert last() == "compared with before: No measurement got worse, 5 the same"
    (project.path / "test_a.py").write_text(CASES.replace("2.0 + number", "2.1 + number"))
    for arguments in ([], ["-q"], ["-n2"]):
        assert last(*arguments) == "compared with before: 2 measurements got worse, 3 the same"


def test_a_baseline_of_another_compiler_is_out_of_date(project):
    write(project, test_a=CASES)
    run(project, "--baseline", "save", "before")
    file = project.path / ".mpy-harness" / "baselines" / "before.json"
    file.write_text(re.sub(r'"toolchain": "', '"toolchain": "gcc 1.0; ', file.read_text()))
    (project.path / "test_a.py").write_text(CASES.replace("2.0 + number", "2.1 + number"))
    stale = run(project, "--baseline", "check", "before")
    assert stale.ret == 0
    assert stale.outlines[-1].strip("= ") == (
        "compared with before: 2 measurements changed under other conditions and cannot be judged, 3 the same"
    )
    (text,) = section(stale, "measurements")
    assert "The baseline is out of date" in text
    assert "pytest --baseline save before" in text


def test_an_interrupted_run_leaves_what_was_there(project):
    write(project, test_a=CASES, test_b="def test_b(): raise KeyboardInterrupt\n")
    (project.path / "run.json").write_text("an earlier run's")
    result = run(project, "--baseline", "save", "x", "--measurements", "run.json")
    assert result.ret == 2
    assert "nothing was written or compared: the run did not come to its end" in section(result, "measurements")[0]
    assert (project.path / "run.json").read_text() == "an earlier run's"
    assert not (project.path / ".mpy-harness" / "baselines").exists()


def test_a_file_that_cannot_be_written_fails_the_run(project):
    if os.geteuid() == 0:
        target = "/proc/run.json"  # nobody can write there
    else:
        (project.path / "closed").mkdir(mode=0o500)
        target = "closed/run.json"
    write(project, test_a=CASES)
    result = run(project, "--measurements", target)
    assert result.ret == 3  # not the status of figures that got worse
    result.assert_outcomes(passed=3)
    assert "run.json" in section(result, "measurements")[0]
    assert "cannot be written: " in section(result, "measurements")[0]


def test_a_project_may_allow_changes(project):
    write(project, test_a=CASES)
    run(project, "--baseline", "save", "before")
    (project.path / "test_a.py").write_text(CASES.replace("2.0 + number", "2.01 + number"))
    assert run(project, "--baseline", "check", "before").ret == 1
    (project.path / "pyproject.toml").write_text("[tool.mpy-harness.thresholds.'small/*']\nmax_abs = '1% | 0.02'\n")
    assert run(project, "--baseline", "check", "before").ret == 0


def test_nothing_worth_keeping_is_not_kept(project):
    write(project, test_a=CASES.replace("limit=3, form", "limit=1, form"), test_b="def test_b(): pass\n")
    failed = run(project, "--baseline", "save", "x", "--measurements", "run.json", "test_a.py")
    failed.assert_outcomes(passed=2, failed=1)  # an SNR of infinity is all right
    (text,) = section(failed, "measurements")
    assert "5 measurements in " in text
    assert "no baseline was saved: tests failed" in text
    nothing = run(project, "--baseline", "save", "x", "--measurements", "run.json", "test_b.py")
    assert nothing.ret == 1
    (text,) = section(nothing, "measurements")
    assert "nothing was measured, there is no" in text
    assert "no baseline was saved: nothing was measured" in text
    assert not (project.path / "run.json").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--baseline", "keep", "x"], "--baseline wants save NAME or check NAME, not 'keep'"),
        (["--baseline", "save", "../x"], "is no name"),
        (["--baseline", "save", "--"], "expected 2 arguments"),
        (["--baseline", "check", "x"], "--baseline: there is no 'x' (saved: none). pytest --baseline save x"),
        (["--measurements", "."], "cannot be a file"),
        (["--measurements", "test_a.py/run.json"], "cannot be a file"),
    ],
)
def test_options_that_make_no_sense_are_told_at_once(project, options, message):
    write(project, test_a="def test_a(): pass\n")
    result = run(project, *options)
    assert result.ret == 4
    assert message in result.stderr.str()
    assert "Traceback" not in result.stderr.str()


def test_a_damaged_baseline_is_told_at_once(project):
    write(project, test_a="def test_a(): pass\n")
    file = project.path / ".mpy-harness" / "baselines" / "x.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"format": "mpy-harness measurements 1"}))
    result = run(project, "--baseline", "check", "x")
    assert result.ret == 4
    assert (
        "x.json is not a file of measurements that this version reads: created: Field required" in result.stderr.str()
    )


TWICE = """
import pytest

@pytest.mark.parametrize("size", [1, 2])
def test_sizes(golden, size):
    golden.check([1.0] * size, [1.0] * size, case="small/ones", metric="exact", limit=0)

def test_blocks(golden):
    for block in range(3):
        golden.check([block], [block], case="small/blocks", metric="exact", limit=0)
        golden.check([block], [block], case="small/ones", metric="max_abs", limit=0)
        golden.check([block], [block], case="small/ones", metric="exact", limit=0, form="python")
"""


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "xdist"])
def test_a_case_that_two_tests_check_fails_the_run(project, workers):
    write(project, test_it=TWICE)
    result = run(project, *workers)
    result.assert_outcomes(passed=3)
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["small/ones (m33 exact) is checked by 2 tests: test_it.py::test_sizes?m33-1?, test_it.py::test_sizes?m33-2?"]
    )
    assert "small/blocks (m33 exact) is" not in result.stdout.str()
    assert "(m33 max_abs) is" not in result.stdout.str()


def test_a_case_of_one_test_fails_nothing(project):
    write(project, test_it=TWICE)
    result = run(project, "-k", "size0 or blocks or 1", "--target", "m33")
    assert result.ret == 0
    assert "is checked by" not in result.stdout.str()


TRIED_AGAIN = """
from _pytest.runner import runtestprotocol

def pytest_runtest_protocol(item, nextitem):
    # As pytest-rerunfailures does it: all reports of an attempt, failures of the first with another outcome.
    for is_last in (False, True):
        item._initrequest()
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        for report in reports:
            if report.failed and not is_last:
                report.outcome = "rerun"
            item.ihook.pytest_runtest_logreport(report=report)
        if all(report.passed for report in reports):
            break
    return True
"""
FLAKY = """
tries = []

def test_flaky(board, golden, natmod):
    tries.append(1)
    natmod("NATMOD")
    with board.count("loop"):
        board.exec(f"for i in range({len(tries)}): pass")
    golden.check([float(len(tries))], [2.0], case="flaky", metric="max_abs", limit=0)
"""


@pytest.mark.parametrize("workers", [[], ["-n2"]])
def test_of_a_test_that_is_tried_again_the_last_attempt_counts(project, workers):
    write(project, conftest=TRIED_AGAIN, test_it=FLAKY.replace("NATMOD", str(natmods_dir() / "iir")))
    result = run(project, *workers, "--measurements", "run.json", "--junitxml", "junit.xml")
    result.assert_outcomes(passed=1)
    found = figures(project.path / "run.json")
    assert found["flaky: max_abs"].value == 0
    assert read_run(project.path / "run.json").failed == ()
    assert any(name.startswith("natmods/iir") for name in found), "its sizes were carried by the first attempt"
    (row,) = (line for line in result.outlines if line.startswith("loop "))
    assert row.split()[-2:] == ["test_flaky[m33]", f"{found['test_it.py::test_flaky: loop: instructions'].value:,}"]
    assert not any("FAILED" in line for line in result.outlines)
