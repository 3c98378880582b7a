"""Counting as the plugin's users meet it: budgets, markers, the option --counting, tables."""

from __future__ import annotations

import re
import shutil

import pytest

from mpy_harness.resources import cases_dir
from tests.emulator.projects import path_without, qemu_without_plugins, run, section, write

WORK = '''
import pytest

WORK = """
def work(n):
    total = 0
    for i in range(n):
        total += i
    return total
"""


@pytest.fixture
def guest(board):
    board.exec(WORK)
    return board
'''


def taken(result: pytest.RunResult) -> dict[str, int]:
    """Return the table of counted regions."""
    (table,) = section(result, "instructions")
    rows = [line.split() for line in table.splitlines()[1:]]
    return {f"{row[0]} {row[1]}": int(row[-1].replace(",", "")) for row in rows}


# --- budgets -------------------------------------------------------------------------------------

BUDGETS = """
import pytest


@pytest.mark.budget(instructions=1_000_000)
def test_kept(guest):
    assert guest.call("work", 100) == 4950


@pytest.mark.budget(instructions=1_000)
def test_exceeded(guest):
    guest.call("work", 100)


@pytest.mark.budget(instructions=0)
def test_nothing_run(guest):
    pass


@pytest.mark.budget(instructions=1_000)
def test_of_all_calls(guest):
    for _ in range(20):
        guest.call("work", 1)


@pytest.mark.budget(instructions=1_000_000, region="small")
def test_region_kept(guest):
    with guest.count("big"):
        guest.call("work", 100_000)
    with guest.count("small"):
        guest.call("work", 10)


@pytest.mark.budget(instructions=1_000, region="big")
def test_region_exceeded(guest):
    with guest.count("big"):
        guest.call("work", 1_000)


@pytest.mark.budget(instructions=1_000, region="inner")
def test_region_of_the_guest(guest):
    guest.exec("import harness_mark\\nwith harness_mark.region('inner'): work(1000)")


@pytest.mark.budget(instructions=1_000, region="absent")
def test_region_absent(guest):
    with guest.count("there"):
        guest.call("work", 1)


@pytest.mark.budget(instructions=1_000)
def test_fails_by_itself(guest):
    guest.call("work", 1_000)
    assert guest.call("work", 3) == 4


@pytest.mark.counting("functions")
@pytest.mark.budget(instructions=1_000)
def test_exceeded_by_functions(guest):
    guest.call("work", 1_000)


@pytest.mark.budget(cycles=1_000)
def test_unknown_keyword(guest):
    pass


@pytest.mark.budget(instructions=1_000)
def test_without_a_board():
    pass
"""


def failures(result: pytest.RunResult) -> dict[str, str]:
    """Return the last lines of failed tests' reports, by test."""
    parts = re.split(r"^_+ (test_\w+)(?:\[m33\])? _+$", result.stdout.str(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_budgets(project):
    write(project, conftest=WORK, test_it=BUDGETS)
    result = run(project)
    failed = failures(result)
    assert set(failed) == {
        "test_exceeded",
        "test_of_all_calls",
        "test_region_exceeded",
        "test_region_of_the_guest",
        "test_region_absent",
        "test_fails_by_itself",
        "test_exceeded_by_functions",
        "test_unknown_keyword",
        "test_without_a_board",
    }
    result.assert_outcomes(passed=3, failed=9)
    for name, what in (
        ("exceeded", "the test"),
        ("of_all_calls", "the test"),
        ("region_exceeded", "region 'big'"),
        ("region_of_the_guest", "region 'inner'"),
        ("exceeded_by_functions", "the test"),
    ):
        (said,) = re.findall(
            rf"{what} took ([\d,]+) instructions, 1,000 are allowed \(([\d,]+) more", failed[f"test_{name}"]
        )
        took, more = (int(number.replace(",", "")) for number in said)
        assert took == 1000 + more
        assert ("--counting functions shows which" in failed[f"test_{name}"]) != (name == "exceeded_by_functions")
    assert re.search(r"^mp_execute_bytecode +firmware +1 ", failed["test_exceeded_by_functions"], re.MULTILINE)
    assert "the budget is for the region 'absent'; the test counted 'there'" in failed["test_region_absent"]
    assert "BudgetInvalid" in failed["test_unknown_keyword"]
    assert "not cycles=1000" in failed["test_unknown_keyword"]
    assert "wants a test that uses the fixture board" in failed["test_without_a_board"]
    assert "assert 3 == 4" in failed["test_fails_by_itself"]
    assert "BudgetExceeded" not in failed["test_fails_by_itself"]
    for text in failed.values():
        assert "measuring.py" not in text
        assert "plugin.py" not in text


def test_a_budget_at_the_last_instruction(project):
    test = """
import pytest


def test_count(guest):
    with guest.count("it"):
        guest.call("work", 100)


@pytest.mark.budget(instructions={0})
def test_exact(guest):
    guest.call("work", 100)


@pytest.mark.budget(instructions={0} - 1)
def test_one_less(guest):
    guest.call("work", 100)
"""
    write(project, conftest=WORK, test_it=test.format(10))
    took = taken(run(project))["it test_count[m33]"]
    write(project, test_it=test.format(took))
    result = run(project)
    result.assert_outcomes(passed=2, failed=1)
    assert f"{took:,} instructions, {took - 1:,} are allowed (1 more, " in failures(result)["test_one_less"]


# --- ways to count -------------------------------------------------------------------------------

MODES = """
import pytest

from mpy_harness.errors import CountingUnavailable


def facts(board):
    with board.count("work") as count:
        board.call("work", 100)
    found = {{"classes"}} if count.classes else set()
    found |= {{"memory"}} if count.memory else set()
    return found | ({{"profile"}} if count.profile else set())


def test_default(guest):
    assert facts(guest) == {0}


@pytest.mark.counting("count")
def test_count(guest):
    assert facts(guest) == set()


@pytest.mark.counting("classes")
def test_classes(guest):
    assert facts(guest) == {{"classes"}}


@pytest.mark.counting("functions")
def test_functions(guest):
    assert facts(guest) == {{"profile"}}


@pytest.mark.counting("memory")
def test_memory(guest):
    assert facts(guest) == {{"memory"}}


@pytest.mark.counting("off")
def test_off(guest):
    assert guest.call("work", 100) == 4950
    with pytest.raises(CountingUnavailable, match="instructions cannot be counted: counting is switched off"):
        facts(guest)
    assert guest.counts == []
"""


@pytest.mark.parametrize(
    ("by", "mode", "expected"),
    [
        ("default", "", "set()"),
        ("flag", "count", "set()"),
        ("flag", "classes", '{"classes"}'),
        ("flag", "functions", '{"profile"}'),
        ("flag", "memory", '{"memory"}'),
        ("configuration", "classes", '{"classes"}'),
    ],
)
def test_modes(project, by, mode, expected):
    write(project, conftest=WORK, test_it=MODES.format(expected))
    if by == "configuration":
        project.makeini(f"[pytest]\nmpy_counting = {mode}\n")
    result = run(project, *(["--counting", mode] if by == "flag" else []))
    result.assert_outcomes(passed=6)
    counted = taken(result)
    assert len(counted) == 5
    assert len(set(counted.values())) == 1  # the same in every mode


def test_the_flag_goes_before_the_configuration(project):
    write(project, conftest=WORK, test_it=MODES.format('{"memory"}'))
    project.makeini("[pytest]\nmpy_counting = classes\n")
    run(project, "--counting", "memory", "-k", "default").assert_outcomes(passed=1, deselected=5)


OFF = """
import pytest

from mpy_harness.errors import CountingUnavailable


def test_runs(guest, golden):
    got = guest.call("work", 100)
    golden.check(got, 4950, case="small/sum", metric="exact", limit=0)


def test_count(guest):
    with pytest.raises(CountingUnavailable) as caught, guest.count("it"):
        raise AssertionError("unreachable")
    print("reason:", caught.value)
    assert guest.call("work", 100) == 4950


def test_marks_are_harmless(guest):
    guest.exec("import harness_mark\\nwith harness_mark.region('a'): print(work(3))")
    assert guest.output == "3\\n"
    guest.exec("harness_mark.start('a')\\nharness_mark.stop()")
    assert guest.counts == []


def test_count_alone(guest):
    with guest.count("it"):
        guest.call("work", 100)


@pytest.mark.budget(instructions=1_000_000)
def test_budget(guest):
    guest.call("work", 100)
"""


def check_that_it_runs_uncounted(result: pytest.RunResult, reason: str) -> None:
    result.assert_outcomes(passed=3, failed=2)
    out = result.stdout.str()
    assert re.search(f"reason: instructions cannot be counted: .*{reason}", out)
    budget, count = (failures(result)[f"test_{name}"] for name in ("budget", "count_alone"))
    assert re.search(rf"\ACountingUnavailable: instructions cannot be counted: .*{reason}", budget.strip())
    assert re.search(rf'> +with guest.count\("it"\):\n( +\^+\n)?E .*CountingUnavailable: .*{reason}', count)
    for text in (budget, count):
        assert "contextlib" not in text
        assert "mpy_harness/" not in text
    (table,) = section(result, "golden vectors")
    assert "small/sum" in table
    assert "instructions" not in table
    assert not section(result, "instructions")


@pytest.mark.parametrize("by", ["flag", "configuration"])
def test_counting_switched_off(project, by):
    write(project, conftest=WORK, test_it=OFF)
    if by == "configuration":
        project.makeini("[pytest]\nmpy_counting = off\n")
    result = run(project, "-rP", *(["--counting", "off"] if by == "flag" else []))
    check_that_it_runs_uncounted(result, "counting is switched off")


@pytest.mark.parametrize("arguments", [["--counting", "all"], []])
def test_a_way_to_count_that_does_not_exist(project, arguments):
    write(project, test_it="def test_it(): pass\n")
    if not arguments:
        project.makeini("[pytest]\nmpy_counting = all\n")
    result = project.runpytest_inprocess("-p", "no:cacheprovider", *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "--counting wants one of count, classes, functions, memory, off, not 'all'" in result.stderr.str()


def test_a_marker_that_says_nothing_sensible(project):
    write(project, conftest=WORK, test_it="import pytest\n\n\n@pytest.mark.counting('all')\ndef test_it(guest): pass\n")
    result = run(project)
    result.assert_outcomes(errors=1)
    assert "pytest.mark.counting takes one of 'count', 'classes', 'functions', 'memory', 'off'" in result.stdout.str()


# --- where nothing can be counted ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lacks", "reason"),
    [
        ("plugins", "was built without TCG plugins"),
        ("compiler", "gcc is not installed"),
        ("version", "needs 7.2 or newer"),
    ],
)
def test_a_board_that_cannot_count_runs_all_the_same(project, tmp_path_factory, monkeypatch, lacks, reason):
    folder = tmp_path_factory.mktemp("bin")
    if lacks == "compiler":
        path = path_without(folder, "gcc", "cc")
    else:
        path = qemu_without_plugins(folder)
        if lacks == "version":
            program = folder / "qemu-system-arm"
            text = program.read_text().replace(
                "#!/bin/sh\n", '#!/bin/sh\n[ "$1" != --version ] || exec echo "QEMU emulator version 6.2.0"\n'
            )
            program.write_text(text)
    monkeypatch.setenv("PATH", path)
    write(project, conftest=WORK, test_it=OFF)
    check_that_it_runs_uncounted(run(project, "-rP"), reason)


# --- tables --------------------------------------------------------------------------------------

TABLES = """
import numpy as np
import pytest


@pytest.mark.parametrize("n", [10, 100, 1000, 2000])
def test_sum(guest, golden, n):
    with guest.count("sum") as count:
        got = guest.call("work", n)
    golden.check(got, n * (n - 1) // 2, case=f"small/sum_{n}", metric="exact", limit=0, per=n)
    golden.check(float(got), n * (n - 1) / 2, case=f"small/sum_{n}", metric="max_abs", limit=0.5)


def test_nameless(guest):
    with guest.count():
        guest.call("work", 10)


def test_guests(guest):
    with guest.count("outer") as count:
        guest.exec("import harness_mark\\nfor n in (1, 2):\\n    with harness_mark.region('inner'): work(n)")
    assert count["inner"].instructions == sum(region.instructions for region in count.regions)


@pytest.mark.parametrize("n", [10, 100, 1000, 2000])
def test_native(natmod, board, n):
    sos = np.array([1, 0, 0, 1, 0, 0], np.float32)
    filt = natmod("iir").new(sos)
    with board.count("run"):
        filt.run(np.zeros(n, np.float32))
"""


def test_tables_and_workers(project):
    write(project, conftest=WORK, test_it=TABLES)
    result = run(project)
    result.assert_outcomes(passed=10)
    alone = taken(result)
    assert {key.split("[")[0] for key in alone} == {
        "sum test_sum",
        "outer test_guests",
        "inner test_guests",
        "run test_native",
    }
    (cases,) = section(result, "golden vectors")
    for line in cases.splitlines()[1:]:
        name, _, _, instructions, per = re.split(r"\s{2,}", line)[0], *line.split()[-4:]
        n = int(name.rpartition("_")[2])
        took = int(instructions.replace(",", ""))
        assert took == alone[f"sum test_sum[m33-{n}]"]
        assert float(per.replace(",", "")) == pytest.approx(took / (n if " exact " in line else 1), abs=0.05)
    assert len(cases.splitlines()) == 9
    for _ in range(2):
        shared = run(project, "-n2")
        shared.assert_outcomes(passed=10)
        assert taken(shared) == alone
        assert shared.stdout.str().count("- instructions -") == 1
    # Nor does it matter which tests ran before.
    for part in ("2000", "guests or 100"):
        some = taken(run(project, "-k", part))
        assert some == {key: alone[key] for key in some}
        assert some


# --- the project's own cases ---------------------------------------------------------------------


def test_a_case_without_instructions_is_a_mistake(project):
    cases = cases_dir()
    assert cases is not None
    shutil.copy(cases / "conftest.py", project.path)
    write(
        project,
        test_it="""
import numpy as np


def test_counted(golden, natmod, guarded):
    x = np.zeros(8, np.float32)
    got = guarded.run(natmod("iir").new(np.array([1, 0, 0, 1, 0, 0], np.float32)), "run", x, [8])
    golden.check(got, x, case="small/counted", metric="exact", limit=0)


def test_not_counted(golden, natmod, guarded):
    x = np.zeros(8, np.float32)
    filt = natmod("iir").new(np.array([1, 0, 0, 1, 0, 0], np.float32))
    golden.check(guarded.run(filt, "run", x, [8], counted=False), x, case="small/uncounted", metric="exact", limit=0)
    golden.check(1.0, 1.0, case="small/host", metric="exact", limit=0)
""",
    )
    result = run(project)
    result.assert_outcomes(passed=2, errors=1)
    assert "no region was counted before the check of small/uncounted, small/host" in result.stdout.str()
    run(project, "--counting", "off").assert_outcomes(passed=2)
