"""The pytest plugin as its users meet it: pytest runs on projects of a few files."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest

from mpy_harness.board.natmod_loader import build_module
from mpy_harness.resources import natmods_dir, targets_dir
from mpy_harness.targets import available, load_target
from tests.emulator.projects import path_without, run, section, write

# --- tests on the host ---------------------------------------------------------------------------

FAILING = """
import numpy as np
import pytest


@pytest.mark.parametrize("what", ["odd [name]"])
def test_values(board, golden, what):
    board.exec("print('the guest was here')")
    reference = np.arange(8, dtype=np.float32)
    got = board.call("list", reference)
    got[5] = 5.25
    golden.check(np.array(got, np.float32), reference, case="small/ramp", metric="max_abs", limit=0.125)


def test_guest(board):
    board.exec("def inner():\\n    raise ValueError('in the guest')\\ninner()", name="guest.py")


def test_well(board, golden):
    golden.check([1.0, 2.0], [1.0, 2.0], case="small/exact", metric="max_abs", limit=1e-6)
"""


def test_a_failing_test_says_all_that_is_known(project):
    write(project, sub__test_it=FAILING)
    result = run(project)
    result.assert_outcomes(failed=2, passed=1)
    out = result.stdout.str()
    for words in (
        "small/ramp (m33): max_abs 0.25, at most 0.125 wanted, margin -0.125",
        "worst at index 5: expected 5, got 5.25",
    ):
        assert words in out
    assert 'File "guest.py", line 2, in inner' in out
    assert "ValueError: in the guest" in out
    assert "the guest was here" in section(result, "last console lines")[0]
    assert "_mpyh" not in out
    for frame in ("board.py", "repl.py", "console.py", "pexpect"):
        assert f"{frame}:" not in out  # the traceback ends at the test
    logs = {Path(line) for line in section(result, "console log")}
    assert all(log.is_file() and log.is_relative_to(project.path) for log in logs)
    assert b"the guest was here" in logs.pop().read_bytes()
    (table,) = section(result, "golden vectors")
    assert re.search(r"ramp.*FAILED", table)
    outcomes = ("worst at index 5", "ValueError: in the guest")
    for command, outcome in zip(section(result, "run it again"), outcomes, strict=True):
        executable, *arguments = shlex.split(command)
        assert executable == "pytest"
        again = run(project, *arguments)
        again.assert_outcomes(failed=1)
        assert outcome in again.stdout.str()


def test_nothing_is_started_for_tests_that_need_no_board(project):
    write(project, test_it="def test_it(): pass\n")
    run(project).assert_outcomes(passed=1)
    assert not (project.path / ".mpy-harness").exists()


FRESH = """
import pytest

from mpy_harness.errors import GuestReset


def test_first(board):
    board.exec("left = 1")
    board.files.put(b"x", "/left")


def test_second(board):
    assert board.eval("'left' in globals()") is False
    assert board.files.list() == []
    with pytest.raises(GuestReset):
        board.exec("import machine; machine.reset()")


def test_third(board, target):
    assert board.eval("6 * 7") == 42
    assert (target.name, target.natmod.arch) == ("m33", "armv7emsp")


def test_modules(natmod, board):
    assert natmod("iir").build.sizes["text"] > 0
    assert natmod("iir", form="python").build is None
    assert natmod("own").build.name == "own"
    module = natmod("natmods/own")
    assert board.call("lambda m: m.answer()", module) == module.answer() == 42


def test_no_such_module(natmod):
    natmod("nothing")
"""
OWN = """
#include "py/dynruntime.h"

static mp_obj_t answer(void) {
    return mp_obj_new_int(42);
}
static MP_DEFINE_CONST_FUN_OBJ_0(answer_obj, answer);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    mp_store_global(MP_QSTR_answer, MP_OBJ_FROM_PTR(&answer_obj));
    MP_DYNRUNTIME_INIT_EXIT
}
"""


def test_each_test_has_a_fresh_board_and_its_own_modules(project):
    write(project, test_it=FRESH)
    own = project.mkdir("natmods") / "own"
    own.mkdir()
    (own / "Makefile").write_text("MOD = own\nSRC = own.c\nARCH ?= armv7emsp\ninclude $(MPY_DIR)/py/dynruntime.mk\n")
    (own / "own.c").write_text(OWN)
    result = run(project)
    result.assert_outcomes(passed=4, failed=1)
    out = result.stdout.str()
    assert "there is no native module 'nothing'" in out
    (table,) = section(result, "native modules")
    assert [line.split()[:2] for line in table.splitlines()[1:]] == [["iir", "armv7emsp"], ["own", "armv7emsp"]]


def test_workers(project):
    text = FAILING + "\n\n" + "\n\n".join(f"def test_{n}(board): assert board.eval('{n}') == {n}" for n in range(6))
    write(project, test_it=text)
    result = run(project, "-n2")
    result.assert_outcomes(failed=2, passed=7)
    (table,) = section(result, "golden vectors")
    assert len(re.findall(r"small", table)) >= 1
    assert result.stdout.str().count("golden vectors") == 1
    logs = {Path(line).name for line in section(result, "console log")}
    assert logs <= {"m33-gw0-1.log", "m33-gw1-1.log"}
    assert all(
        "pytest 'test_it.py::" in command or "pytest test_it.py::" in command
        for command in section(result, "run it again")
    )


# --- options -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target", "m333"], "m333"),
        (["--target", "nowhere/m33"], "nowhere/m33"),
        (["--board-timeout", "soon"], "--board-timeout wants a positive number of seconds, not 'soon'"),
        (["--board-timeout", "-1"], "--board-timeout wants a positive number"),
        (["--board-timeout", "nan"], "--board-timeout wants a positive number"),
        (["--device-scripts", "nothing.py"], "--device-scripts: there is no "),
        (["--device-path", "test_it.py"], "test_it.py is not a folder"),
        (["--natmods", "nothing"], "--natmods: there is no "),
    ],
)
def test_options_that_make_no_sense(project, arguments, message):
    write(project, test_it="def test_it(): pass\n")
    result = project.runpytest_inprocess("-p", "no:cacheprovider", *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert message in result.stderr.str()
    assert "Traceback" not in result.stderr.str() + result.stdout.str()


def test_an_unknown_target_says_which_there_are(project):
    result = project.runpytest_inprocess("--target", "m333")
    assert "m33" in result.stderr.str().replace("m333", "")


def copy_of_m33(to: Path) -> Path:
    shutil.copytree(targets_dir() / "m33", to)
    return to


def test_a_target_of_the_project(project):
    copy_of_m33(project.path / "hardware" / "m33")
    write(project, test_it="def test_it(board, target): assert 'hardware' in str(target.folder), target.folder\n"
                           "def test_no(board, target): assert board.eval('6 * 7') == 41\n")  # fmt: skip
    result = run(project, "--target", "hardware/m33")
    result.assert_outcomes(passed=1, failed=1)
    (command,) = section(result, "run it again")
    run(project, *shlex.split(command)[1:]).assert_outcomes(failed=1)


def test_two_targets_of_one_name(project):
    copy_of_m33(project.path / "m33")
    result = project.runpytest_inprocess("--target", "m33", "--target", "./m33/")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "there is more than one target named m33" in result.stderr.str()


@pytest.mark.slow
def test_two_targets(project):
    copy_of_m33(project.path / "twin")
    write(
        project, test_it="def test_it(board, target): assert board.target.name == target.name\ndef test_host(): pass\n"
    )
    result = run(project, "-v", "--target", "m33", "--target", "twin", "--target", "m33")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["*test_it?m33? PASSED*", "*test_it?twin? PASSED*"])


@pytest.fixture
def without_qemu(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take QEMU, and nothing else, off the path."""
    monkeypatch.setenv("PATH", path_without(tmp_path_factory.mktemp("bin"), "qemu-*"))


MAY_BE_ABSENT = "[pytest]\nmpy_targets = m33\nmpy_may_be_absent = m33\n"


@pytest.mark.parametrize("configuration", ["", "[pytest]\nmpy_targets = m33\n"], ids=["default", "named"])
def test_without_qemu_tests_fail(without_qemu, project, configuration):
    write(project, test_it="def test_it(board): pass\ndef test_host(): pass\n", script="print('never')\n")
    (project.path / "pytest.ini").write_text(configuration)
    result = run(project, "-rs", "test_it.py", "--device-scripts", "script.py")
    result.assert_outcomes(failed=1, errors=1, passed=1)
    assert "ToolMissing: qemu-system-arm is not on PATH" in result.stdout.str()


def test_a_target_that_may_be_absent_skips_unless_it_was_asked_for(without_qemu, project):
    write(project, test_it="def test_it(board): pass\ndef test_host(): pass\n", script="print('never')\n")
    (project.path / "pytest.ini").write_text(MAY_BE_ABSENT)
    result = run(project, "-rs", "test_it.py", "--device-scripts", "script.py")
    result.assert_outcomes(skipped=2, passed=1)
    result.stdout.fnmatch_lines(["SKIPPED*target m33: qemu-system-arm is not on PATH*apt install qemu-system-arm*"])
    result = run(project, "test_it.py", "--target", "m33")
    result.assert_outcomes(errors=1, passed=1)
    assert "ToolMissing: qemu-system-arm is not on PATH" in result.stdout.str()


def test_a_pattern_stands_for_targets_and_names_those_that_are_absent(without_qemu, project):
    write(project, test_it="def test_it(target): pass\ndef test_board(board): pass\n")
    result = run(project, "-rs", "test_it.py", "--target", "m?")
    result.assert_outcomes(passed=4, skipped=4)
    result.stdout.fnmatch_lines(
        [f"SKIPPED*target {name}: qemu-system-arm is not*" for name in ("m0", "m3", "m4", "m7")]
    )
    result = run(project, "test_it.py", "--target", "m?", "--target", "m4")  # which is meant to run
    result.assert_outcomes(passed=4, skipped=3, errors=1)
    result = run(project, "--target", "n*")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "no target is called like 'n*'. Known targets: esp32, " in result.stderr.str()


def test_all_targets(project):
    write(project, test_it="def test_it(target): pass\n")
    run(project, "test_it.py", "--target", "all").assert_outcomes(passed=len(available()))


def test_what_may_be_absent_is_one_of_the_targets(project):
    (project.path / "pytest.ini").write_text(MAY_BE_ABSENT.replace("absent = m33", "absent = m34"))
    result = run(project)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "mpy_may_be_absent names m34, which no test runs on. The targets are m33." in result.stderr.str()


# --- device scripts ------------------------------------------------------------------------------

SCRIPTS = {
    "scripts__test_functions": """
import helper
import lib.more

print("imported")

def test_good():
    assert helper.ANSWER == 42 and lib.more.ANSWER == 43

def test_bad():
    numbers = [1, 2]
    print("before the assertion")
    assert sum(numbers) == 4, "sum is %d" % sum(numbers)

def test_fresh():
    assert not hasattr(helper, "spoiled")
    helper.spoiled = True

def test_fresh_too():
    assert not hasattr(helper, "spoiled")

def test_skips():
    class SkipTest(Exception): pass
    raise SkipTest("not on this board")

def test_exits():
    raise SystemExit(0)

def helper_function():
    raise ValueError
""",
    "scripts__helper": "ANSWER = 42\nraise_if_collected = 1\n",
    "scripts__lib__more": "ANSWER = 43\n",
    "scripts__test_whole": "assert __name__ == '__main__'\nprint('whole', __file__, __import__('sys').argv)\n",
    "scripts__test_exit_one": "import sys\nprint('leaving')\nsys.exit(1)\n",
    "scripts__test_exit_text": "raise SystemExit('because')\n",
    "scripts__test_exit_list": "import sys\nsys.exit([1])\n",
    "scripts__test_exit_none": "import sys\nsys.exit()\n",
    "scripts__test_skip": "print('no such hardware')\nprint('SKIP')\nraise SystemExit\n",
    "scripts__test_skip_not": "print('one of many: SKIP')\nimport sys\nsys.exit(2)\n",
    "scripts__test_syntax": "x = 1\nthis is no python\n",
    "scripts__test_files": """
import os
assert open("data.txt").read() == "of the current folder"
assert open("scripts/beside.txt").read() == "beside the script"
assert open("beside.txt").read() == "beside the script"
assert open("scripts/both.txt").read() == "script's" and open("both.txt").read() == "current"
with open("written.txt", "w") as f:
    f.write("guest")
with open("data.txt", "w") as f:
    f.write("changed")
os.mkdir("scripts/new")
assert open("data.txt").read() == "changed"
assert "written.txt" in os.listdir() and "scripts" in os.listdir("/")
for path in (".secret", "../outside.txt", "/etc/passwd"):
    try:
        open(path)
        raise AssertionError(path)
    except OSError:
        pass
""",
    "scripts__deeper__test_nested": "import near\nassert near.__file__ == '/scripts/deeper/near.py'\n",
    "scripts__deeper__near": "",
}


@pytest.fixture
def scripts(project: pytest.Pytester) -> pytest.Pytester:
    write(project, **SCRIPTS)
    for name, text in {
        "data.txt": "of the current folder", "scripts/beside.txt": "beside the script", "scripts/both.txt": "script's",
        "both.txt": "current", ".secret": "secret",
    }.items():  # fmt: skip
        (project.path / name).write_text(text)
    (project.path.parent / "outside.txt").write_text("outside")
    return project


def files_of(project: pytest.Pytester) -> set[str]:
    """Return the names of a project's files but those that pytest, pytester and the console logs are."""
    names = {path.relative_to(project.path).as_posix() for path in project.path.rglob("*") if path.is_file()}
    return {name for name in names - {"stdout", "stderr"} if not name.startswith((".mpy-harness", "runpytest-"))}


def test_device_scripts_of_a_folder(scripts):
    before = files_of(scripts)
    result = run(scripts, "-rA", "--device-scripts", "scripts")
    lines = re.finditer(r"^(PASSED|FAILED|ERROR) scripts/(\S+)\[m33\]", result.stdout.str(), re.MULTILINE)
    summary = {line[2]: line[1] for line in lines}
    assert summary == {
        "test_functions.py::test_good": "PASSED",
        "test_functions.py::test_bad": "FAILED",
        "test_functions.py::test_fresh": "PASSED",
        "test_functions.py::test_fresh_too": "PASSED",
        "test_functions.py::test_exits": "PASSED",
        "test_whole.py::script": "PASSED",
        "test_exit_one.py::script": "FAILED",
        "test_exit_text.py::script": "FAILED",
        "test_exit_list.py::script": "FAILED",
        "test_exit_none.py::script": "PASSED",
        "test_skip_not.py::script": "FAILED",
        "test_syntax.py::script": "FAILED",
        "test_files.py::script": "PASSED",
        "deeper/test_nested.py::script": "PASSED",
    }
    result.assert_outcomes(passed=8, failed=6, skipped=2)
    out = result.stdout.str()
    for words in (
        "AssertionError: sum is 3",
        'File "/scripts/test_functions.py", line 13, in test_bad',
        "ScriptFailed: test_exit_one.py ended with sys.exit(1)",
        "ScriptFailed: test_exit_text.py ended with sys.exit('because')",
        "ScriptFailed: test_exit_list.py ended with sys.exit([1])",
        "ScriptFailed: test_skip_not.py ended with sys.exit(2)",
        "whole /scripts/test_whole.py ['/scripts/test_whole.py']",
        "SKIPPED [1] scripts/test_skip.py:1: the script printed SKIP",
        "SKIPPED [1] scripts/test_functions.py:22: not on this board",
        'File "/scripts/test_syntax.py", line 2',
        "SyntaxError: invalid syntax",
    ):
        assert words in out
    assert any("before the assertion" in text for text in section(result, "Captured guest output call"))
    assert "_mpyh" not in out
    assert "device_items.py" not in out
    assert "\x0e" not in out  # the sign of a guest's question
    assert "(the guest printed nothing)" in section(result, "last console lines")
    assert files_of(scripts) == before
    assert (scripts.path / "data.txt").read_text() == "of the current folder"
    command = next(command for command in section(result, "run it again") if "test_bad" in command)
    again = run(scripts, *shlex.split(command)[1:])
    again.assert_outcomes(failed=1)


def test_device_scripts_beside_tests(scripts):
    write(scripts, test_host="def test_host(): pass\n", run_me="print('run')\n")
    # A name that pytest would not collect; what is named with it runs as well.
    run(scripts, "--device-scripts", "run_me.py").assert_outcomes(passed=1)
    run(scripts, "test_host.py", "--device-scripts", "run_me.py").assert_outcomes(passed=2)
    run(scripts, "scripts/test_whole.py", "--device-scripts", "scripts").assert_outcomes(passed=1)
    run(scripts, "scripts/test_functions.py::test_good[m33]", "--device-scripts", "scripts").assert_outcomes(passed=1)
    run(scripts, "-n2", "--device-scripts", "scripts/deeper", "--device-scripts", "run_me.py").assert_outcomes(passed=2)


def test_device_scripts_called_from_another_folder(scripts):
    there = scripts.mkdir("elsewhere")
    write(scripts, script="assert open('here.txt').read() == 'here'\nraise ValueError('reached')\n")
    (there / "here.txt").write_text("here")
    os.chdir(there)
    result = run(scripts, "--device-scripts", "../script.py")
    result.assert_outcomes(failed=1)
    assert "ValueError: reached" in result.stdout.str()
    (command,) = section(result, "run it again")
    again = run(scripts, *shlex.split(command)[1:])
    again.assert_outcomes(failed=1)
    assert "ValueError: reached" in again.stdout.str()


def test_a_module_that_a_script_does_not_find(scripts):
    write(scripts, lost="import not_here\n", other="raise ImportError('own words')\n")
    result = run(scripts, "--device-scripts", "lost.py", "--device-scripts", "other.py")
    result.assert_outcomes(failed=2)
    out = result.stdout.str()
    assert "ImportError: no module named 'not_here'" in out
    assert out.count("The guest imports from") == 1
    assert "--device-path FOLDER" in out


def test_a_script_that_does_not_end(scripts):
    write(scripts, endless="print('begun')\nwhile True:\n    pass\n", after="print('well')\n")
    result = run(scripts, "--board-timeout", "1.5", "--device-scripts", "endless.py", "--device-scripts", "after.py")
    result.assert_outcomes(failed=1, passed=1)
    out = result.stdout.str()
    assert "PythonLoop: guest code did not end within 1.5 s; it was here:" in out
    assert "If it needs longer: --board-timeout SECONDS" in out
    assert "begun" in section(result, "last console lines")[0]
    assert "--board-timeout 1.5" in section(result, "run it again")[0]


def test_modules_on_the_device_path(project):
    built = project.mkdir("built")
    shutil.copy(build_module(natmods_dir() / "iir", load_target("m33")).path, built)
    (built / "plain.py").write_text("ANSWER = 42\n")
    write(
        project,
        script="import iir, plain\nassert iir.__file__.endswith('.mpy') and iir.new\nassert plain.ANSWER == 42\n",
    )
    run(project, "--device-scripts", "script.py", "--device-path", "built").assert_outcomes(passed=1)
    result = run(project, "--device-scripts", "script.py")
    result.assert_outcomes(failed=1)
    assert "ImportError: no module named 'iir'" in result.stdout.str()


@pytest.mark.parametrize("form", ["pytest.ini", "pyproject.toml"])
def test_configuration(project, form):
    (project.path / "tox.ini").unlink()
    write(
        project,
        # Computes for seconds. It does not sleep: that goes by the host's time, and timeouts by the emulator's own.
        device__run="import plain\nfor _ in range(4_000_000): plain\n",
        lib__plain="",
        test_host="def test_it(board): assert board.timeout == 0.8 and board.target.name == 'm33'\n",
    )
    keys = {
        "mpy_device_scripts": ["device/run.py"],
        "mpy_device_path": ["lib"],
        "mpy_timeout": "0.8",
        "mpy_targets": ["m33"],
    }
    if form == "pytest.ini":
        lines = [f"{key} = {value if isinstance(value, str) else value[0]}" for key, value in keys.items()]
        (project.path / form).write_text("\n".join(["[pytest]", *lines]))
    else:
        lines = [f"{key} = {value!r}" for key, value in keys.items()]
        (project.path / form).write_text("\n".join(["[tool.pytest.ini_options]", *lines]))
    result = run(project)
    result.assert_outcomes(passed=1, failed=1)
    assert "PythonLoop: guest code did not end within 0.8 s" in result.stdout.str()
    # What the command line says goes first, and a file it names is all that runs.
    run(project, "--board-timeout", "30", "device/run.py").assert_outcomes(passed=1)
    run(project, "test_host.py").assert_outcomes(passed=1)


def test_the_plugin_says_what_its_options_are(project):
    result = project.run(sys.executable, "-m", "pytest", "--help", timeout=60)
    for option in ("--target", "--device-scripts", "--device-path", "--natmods", "--board-timeout", "--micropython"):
        result.stdout.fnmatch_lines([f"*{option}=*"])
