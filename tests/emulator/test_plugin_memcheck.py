"""The memory checker as its users meet it: option, configuration, marker, scripts, commands, workers."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.emulator.projects import mpy_harness, run, write

MAKEFILE = """\
MOD = ends
SRC = ends.c
ARCH ?= armv7emsp
include $(MPY_DIR)/py/dynruntime.mk
"""
SOURCE = """\
#include "py/dynruntime.h"

static mp_obj_t fill(mp_obj_t data) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(data, &info, MP_BUFFER_WRITE);
    uint16_t *x = info.buf;
    for (size_t i = 0; i <= info.len / 2; i++) {
        x[i] = 7;
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(fill_obj, fill);

static mp_obj_t sum(mp_obj_t count_in) {
    size_t n = mp_obj_get_int(count_in), sum = 0;
    uint8_t *x = m_new(uint8_t, n);
    for (size_t i = 0; i < n; i++) {
        sum += x[i];
    }
    return MP_OBJ_NEW_SMALL_INT(sum);
}
static MP_DEFINE_CONST_FUN_OBJ_1(sum_obj, sum);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    mp_store_global(MP_QSTR_fill, MP_OBJ_FROM_PTR(&fill_obj));
    mp_store_global(MP_QSTR_sum, MP_OBJ_FROM_PTR(&sum_obj));
    MP_DYNRUNTIME_INIT_EXIT
}
"""
TESTS = """
import pytest
import numpy as np
from mpy_harness.errors import HarnessError

DATA = np.ones(9, np.int16)

@pytest.fixture
def ends(natmod):
    return natmod("ends")

def test_calls_it(ends):
    ends.fill(DATA)

def test_catches_it(ends):
    with pytest.raises(HarnessError):
        ends.fill(DATA)

def test_fails_otherwise(ends):
    try:
        ends.fill(DATA)
    except HarnessError:
        pass
    assert False

@pytest.mark.memcheck(False)
def test_is_not_checked(ends):
    ends.fill(DATA)
"""
SCRIPT = """
import ends
from array import array
try:
    ends.fill(array("h", [1] * 9))
except Exception:
    pass
print("done")
"""
FOUND = (
    r"overrun: fill\(\) of the native module ends, ends.c:8, writes 2 bytes at 0x[0-9a-f]{8}\n"
    r"(E +)? +0 bytes past the end of a block of 18 bytes\n"
    r"(E +)? +allocated by the interpreter"
)


@pytest.fixture
def with_ends(project: pytest.Pytester) -> pytest.Pytester:
    folder = project.path / "natmods" / "ends"
    folder.mkdir(parents=True)
    (folder / "Makefile").write_text(MAKEFILE)
    (folder / "ends.c").write_text(SOURCE)
    write(project, test_ends=TESTS)
    return project


def test_a_finding_fails_the_test_whatever_it_did(with_ends: pytest.Pytester) -> None:
    result = run(with_ends, "--memcheck", "-n", "2")
    result.assert_outcomes(failed=3, passed=1)
    text = result.stdout.str()
    assert len(re.findall(FOUND, text)) == 3
    assert "after which: AssertionError" in text
    assert re.search(r"FAILED test_ends.py::test_calls_it\[m33\] - mpy_harness.errors.MemoryMisused: overrun", text)
    assert "pytest 'test_ends.py::test_calls_it[m33]' --memcheck" in text


def test_the_configuration_and_the_marker(with_ends: pytest.Pytester) -> None:
    with_ends.makeini("[pytest]\nmpy_memcheck = true\n")
    run(with_ends, "-k", "calls_it or is_not_checked").assert_outcomes(failed=1, passed=1)
    with_ends.makeini("[pytest]\n")
    write(with_ends, test_ends=TESTS.replace("memcheck(False)", "memcheck"))
    run(with_ends, "-k", "calls_it or is_not_checked").assert_outcomes(failed=1, passed=1)
    write(with_ends, test_ends=TESTS.replace("memcheck(False)", "memcheck('yes')"))
    result = run(with_ends, "-k", "is_not_checked")
    assert "pytest.mark.memcheck takes True, False or nothing, and unwritten=True or False" in result.stdout.str()


UNWRITTEN = r"read of bytes that nobody has written: sum\(\) of the native module ends, ends.c:18, reads 1 byte"


def test_reads_of_what_nobody_has_written_are_told_where_that_is_asked_for(with_ends: pytest.Pytester) -> None:
    write(with_ends, test_ends="import pytest\ndef test_it(natmod):\n    assert natmod('ends').sum(5) == 0\n")
    run(with_ends, "--memcheck").assert_outcomes(passed=1)
    result = run(with_ends, "--memcheck-unwritten")
    result.assert_outcomes(failed=1)
    assert re.search(UNWRITTEN, result.stdout.str())
    assert "pytest 'test_ends.py::test_it[m33]' --memcheck-unwritten" in result.stdout.str()
    write(with_ends, script="import ends\nends.sum(5)\n")
    done = mpy_harness("run", "--memcheck-unwritten", "--natmods", "natmods", "script.py", cwd=with_ends.path)
    assert re.search(UNWRITTEN, done.stderr), done.stderr


def test_device_scripts(with_ends: pytest.Pytester) -> None:
    write(with_ends, script=SCRIPT)
    arguments = ("--device-scripts", "script.py", "--natmods", "natmods")
    run(with_ends, *arguments).assert_outcomes(passed=1)
    result = run(with_ends, *arguments, "--memcheck")
    result.assert_outcomes(failed=1)
    assert re.search(FOUND, result.stdout.str())


@pytest.mark.parametrize("command", ["run", "profile"])
def test_commands(command: str, with_ends: pytest.Pytester, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    shutil.copytree(with_ends.path / "natmods", tmp_path / "natmods", dirs_exist_ok=True)
    done = mpy_harness(command, "script.py", "--natmods", "natmods", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    done = mpy_harness(command, "--memcheck", "--natmods", "natmods", "script.py", cwd=tmp_path)
    assert done.returncode != 0
    assert "done" in done.stdout
    assert re.search(FOUND, done.stderr)


def test_a_finished_file_that_a_script_finds_by_itself_is_named(with_ends: pytest.Pytester, tmp_path: Path) -> None:
    built = mpy_harness("build", with_ends.path / "natmods" / "ends", "-o", "dist", "--target", "m33", cwd=tmp_path)
    assert built.returncode == 0, built.stderr
    (tmp_path / "script.py").write_text(
        "import sys\nsys.path.insert(0, './dist/armv7emsp_6.3')\n__import__('en' + 'ds').fill(bytearray(18))\n"
    )
    done = mpy_harness("run", "--memcheck", "script.py", cwd=tmp_path)
    assert re.search(r"overrun: ends\+0x[0-9a-f]+ of the native module ends, writes 2 bytes", done.stderr), done.stderr


def test_a_firmware_that_does_not_tell_is_refused(with_ends: pytest.Pytester) -> None:
    (with_ends.path / "firmware.elf").write_bytes(b"\x7fELF, but no more than that")
    result = run(with_ends, "--memcheck", "--firmware", "firmware.elf", "-k", "calls_it")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["*MemcheckUnavailable: what native code does to memory cannot be checked: the firmware*"]
    )
