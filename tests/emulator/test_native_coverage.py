"""Which lines of native modules ran: --native-coverage, its file, its table, workers."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from mpy_harness.measurements.run import read_run
from tests.emulator.projects import run, write

MAKEFILE = """\
MOD = steps
SRC = steps.c
CFLAGS_EXTRA = -fno-if-conversion -fno-if-conversion2 -fno-inline
ARCH ?= armv7emsp
include $(MPY_DIR)/py/dynruntime.mk
"""
# What is expected of each line is beside it: how often it runs when the tests below have run once.
SOURCE = """\
#include "py/dynruntime.h"
#include "sum.h"

int steps_up;
// Too long for an IT block, whose instructions all count as executed.
#define SIX(one) __asm volatile (one "\\n" one "\\n" one "\\n" one "\\n" one "\\n" one)

static mp_obj_t walk(mp_obj_t by_in) {
    int by = mp_obj_get_int(by_in);     // RUNS 3
    if (by > 100) {                     // RUNS 3
        mp_raise_ValueError(NULL);      // RUNS 0
    }
    if (by > 0) {                       // RUNS 3
        SIX("nop");                     // RUNS 2
    } else {
        SIX("mov r8, r8");              // RUNS 1
    }
    return mp_obj_new_int(sum(by));     // RUNS 3
}
static MP_DEFINE_CONST_FUN_OBJ_1(walk_obj, walk);

static mp_obj_t never(void) {
    return mp_obj_new_int(steps_up);    // RUNS 0
}
static MP_DEFINE_CONST_FUN_OBJ_0(never_obj, never);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    mp_store_global(MP_QSTR_walk, MP_OBJ_FROM_PTR(&walk_obj));
    mp_store_global(MP_QSTR_never, MP_OBJ_FROM_PTR(&never_obj));
    MP_DYNRUNTIME_INIT_EXIT
}
"""
HEADER = """\
static int sum(int n) {
    int all = 0;
    for (volatile int at = 0; at < n; at++) {
        all += at;                      // RUNS 5
    }
    return all;
}
"""
TESTS = """
def test_up(natmod):
    steps = natmod("steps")
    assert steps.walk(3) == 3
    assert steps.walk(2) == 1

def test_down(natmod):
    assert natmod("steps").walk(-1) == 0
"""


@pytest.fixture
def with_steps(project: pytest.Pytester) -> pytest.Pytester:
    folder = project.path / "natmods" / "steps"
    folder.mkdir(parents=True)
    for name, text in {"Makefile": MAKEFILE, "steps.c": SOURCE, "sum.h": HEADER}.items():
        (folder / name).write_text(text)
    write(project, test_steps=TESTS)
    return project


_NUMBERS = {"DA": 2, "FNDA": 1, "FN": 1, "BRDA": 4, **dict.fromkeys(("FNF", "FNH", "BRF", "BRH", "LF", "LH"), 1)}


def read(file: Path) -> dict[str, dict]:
    """Read a tracefile as `man geninfo` describes it; whatever is not in there is an error."""
    files: dict[str, dict] = {}
    for text in file.read_text().split("end_of_record\n")[:-1]:
        lines = [line.partition(":") for line in text.splitlines()]
        assert [key for key, *_ in lines[:2]] == ["TN", "SF"]
        assert Path(lines[1][2]).is_file()
        values: dict[str, list[Any]] = defaultdict(list)
        for key, _, value in lines[2:]:
            words = value.split(",")
            assert sum(word.isdigit() for word in words) == _NUMBERS[key]
            values[key].append([int(word) if word.isdigit() else word for word in words])
        branches: dict[int, list[int]] = defaultdict(list)
        for number, _block, _branch, taken in values["BRDA"]:
            branches[number].append(taken)
        each: dict[str, Any] = {
            "DA": dict(values["DA"]),
            "FNDA": {name: runs for runs, name in values["FNDA"]},
            "BRDA": branches,
        }
        ways = [taken for number in branches for taken in branches[number]]
        assert set(each["FNDA"]) == {name for _, name in values["FN"]}
        for sums, counts in (("L", each["DA"].values()), ("FN", each["FNDA"].values()), ("BR", ways)):
            assert values[f"{sums}F"] == [[len(counts)]]
            assert values[f"{sums}H"] == [[sum(count > 0 for count in counts)]]
        files[Path(lines[1][2]).name] = each
    return files


def expected(text: str) -> dict[int, int]:
    lines = enumerate(text.splitlines(), 1)
    return {number: int(line.rpartition("RUNS ")[2]) for number, line in lines if "RUNS" in line}


@pytest.mark.parametrize("more", [(), ("-n", "2", "--memcheck")], ids=["alone", "workers"])
def test_lines_functions_and_branches(more: tuple[str, ...], with_steps: pytest.Pytester) -> None:
    result = run(with_steps, "--native-coverage", "out/steps.info", "--measurements", "run.json", *more)
    result.assert_outcomes(passed=2)
    files = read(with_steps.path / "out" / "steps.info")
    assert set(files) == {"steps.c", "sum.h"}
    for name, text in (("steps.c", SOURCE), ("sum.h", HEADER)):
        wanted = expected(text)
        assert {line: runs for line, runs in files[name]["DA"].items() if line in wanted} == wanted
    line_of = {line: number for number, line in enumerate(SOURCE.splitlines(), 1)}
    assert files["steps.c"]["FNDA"] == {"walk": 3, "never": 0, "mpy_init": 2}
    assert files["sum.h"]["FNDA"] == {"sum": 3}
    (if_too_many,) = (number for line, number in line_of.items() if "by > 100" in line)
    (if_up,) = (number for line, number in line_of.items() if "by > 0" in line)
    assert sorted(files["steps.c"]["BRDA"][if_too_many]) == [0, 3]
    assert sorted(files["steps.c"]["BRDA"][if_up]) == [1, 2]
    result.stdout.fnmatch_lines(["*coverage of native modules*", "file *lines *run*", "natmods/steps/steps.c *"])
    kept = {file.file: file for file in read_run(with_steps.path / "run.json").coverage}
    for name in ("steps.c", "sum.h"):
        file = kept[f"natmods/steps/{name}"]
        assert set(file.ran) == {line for line, runs in files[name]["DA"].items() if runs}
        assert set(file.missed) == {line for line, runs in files[name]["DA"].items() if not runs}


def test_a_file_that_cannot_be_and_a_run_without_modules(with_steps: pytest.Pytester) -> None:
    (with_steps.path / "there").mkdir()
    result = run(with_steps, "--native-coverage", "there")
    assert "--native-coverage: " in result.stderr.str()
    assert "cannot be a file" in result.stderr.str()
    write(with_steps, test_none="def test_nothing(board):\n    assert board.eval('1') == 1\n")
    (with_steps.path / "old.info").write_text("of an earlier run")
    result = run(with_steps, "test_none.py", "--native-coverage", "old.info")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["no native module with known sources ran*"])
    assert not (with_steps.path / "old.info").exists()


def test_counts_are_the_same(with_steps: pytest.Pytester) -> None:
    write(
        with_steps,
        test_steps=TESTS
        + """
def test_count(board, natmod):
    steps = natmod("steps")
    with board.count() as count:
        steps.walk(3)
    assert count.instructions == int(open("count").read() or count.instructions)
    open("count", "w").write(str(count.instructions))
""",
    )
    (with_steps.path / "count").write_text("")
    run(with_steps, "-k", "test_count").assert_outcomes(passed=1)
    run(with_steps, "-k", "test_count", "--native-coverage", "x.info").assert_outcomes(passed=1)
