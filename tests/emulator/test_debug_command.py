"""`mpy-harness debug`, with a real GDB that runs commands from a file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mpy_harness.debugging.gdb import gdb_for
from mpy_harness.errors import ToolMissing
from mpy_harness.targets import load_target
from tests.emulator.absent import target_or_skip
from tests.emulator.misbehaving import SOURCE, line_of
from tests.emulator.projects import mpy_harness
from tests.emulator.test_plugin_memcheck import SOURCE as SOURCE_OF_ENDS
from tests.emulator.tiny import MAKEFILE

LEVELS = """\
#include "py/dynruntime.h"

typedef struct { int16_t low, high; } levels_t;
levels_t seen;

static __attribute__((noinline)) int note(levels_t *levels, int value) {
    levels->low = value < levels->low ? value : levels->low;
    levels->high = value > levels->high ? value : levels->high;
    return levels->high - levels->low; // here
}

static mp_obj_t add(mp_obj_t value) {
    return mp_obj_new_int(note(&seen, mp_obj_get_int(value)));
}
static MP_DEFINE_CONST_FUN_OBJ_1(add_obj, add);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    seen.low = seen.high = 0;
    mp_store_global(MP_QSTR_add, MP_OBJ_FROM_PTR(&add_obj));
    MP_DYNRUNTIME_INIT_EXIT
}
"""
HERE = next(number for number, line in enumerate(LEVELS.splitlines(), 1) if "// here" in line)


@pytest.fixture(autouse=True)
def _gdb() -> None:
    try:
        gdb_for(load_target("m33"))
    except ToolMissing as error:
        pytest.skip(str(error))


def module(folder: Path, name: str, source: str) -> None:
    place = folder / "natmods" / name
    place.mkdir(parents=True)
    (place / "Makefile").write_text(MAKEFILE.format(name=name))
    (place / f"{name}.c").write_text(source)


def debug(folder: Path, script: str, commands: str, *options: str, target: str = "m33"):
    (folder / "script.py").write_text(script)
    (folder / "commands.gdb").write_text(commands)
    words = ("--natmods", "natmods", "--target", target, "--commands", "commands.gdb", *options)
    return mpy_harness("debug", "script.py", *words, cwd=folder)


def printed_after(text: str, output: str) -> list[str]:
    """Return the words of the script after GDB's last output, apart from that it has left.

    Both write to the same file at the same time, so one may be within the other.
    """
    rest, left = "", "[Inferior 1 (process 1) detached]"
    for character in output.rpartition(text)[2]:
        if left.startswith(character):
            left = left[1:]
        else:
            rest += character
    return rest.split()


@pytest.mark.parametrize("target", ["m33", "m4-stm32", "rv32"])
def test_a_breakpoint_in_a_module_that_is_loaded_later(target, tmp_path):
    target_or_skip(target)
    module(tmp_path, "levels", LEVELS)
    script = "import levels\nprint('@@@@@@', end='')\nprint(levels.add(3), levels.add(-4))\n"
    commands = "continue\nbacktrace 2\nprint *levels\nprint seen\nptype levels\nlist 9,9\ncontinue\nprint seen\n"
    done = debug(tmp_path, script, commands, "--break", f"levels.c:{HERE}", target=target)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("@") == 6
    said = done.stdout.replace("@", "")  # GDB, which prints none, and the script may have written between each other
    assert re.search(rf"Breakpoint 1, note \(.*\blevels=0x\w+ <seen>.*\) at levels\.c:{HERE}", said)
    assert re.search(r"#1 .*\badd \(value=.*\) at levels\.c:1\d", said)
    assert said.count("{low = 0, high = 3}") == 2
    assert "int16_t high;" in said
    assert "return levels->high - levels->low; // here" in said
    assert "$3 = {low = -4, high = 3}" in said
    assert printed_after("high = 3}", said)[-2:] == ["3", "7"]
    assert "the native module levels is at 0x" in done.stderr


@pytest.mark.parametrize("target", ["m33", "m0", "rv32"])
def test_a_fault_stops_the_guest(target, tmp_path):
    target_or_skip(target)
    module(tmp_path, "misbehaving", SOURCE)
    done = debug(tmp_path, "import misbehaving\nmisbehaving.undefined()\n", "continue\n", target=target)
    assert done.returncode == 1
    line = line_of("volatile (UNDEFINED)")
    assert re.search(r"mpy-harness: the core took a (UsageFault|HardFault|fault \(mcause 2\))", done.stderr)
    assert re.search(rf"undefined \(\) at misbehaving\.c:{line}|Line {line} of \"misbehaving\.c\"", done.stdout)
    assert f"pc is in undefined() of the native module misbehaving, misbehaving.c:{line}\n" in done.stderr


def test_what_is_loaded_anew_has_its_symbols_once(tmp_path):
    module(tmp_path, "levels", LEVELS)
    script = "import levels, sys\ndel sys.modules['levels']\nimport levels\nprint(levels.add(5))\n"
    done = debug(tmp_path, script, "continue\ninfo breakpoints\nprint value\n", "--break", "note")
    places = re.findall(r"the native module levels is at (0x\w+)", done.stderr)
    assert len(set(places)) == 2
    assert "$1 = 5" in done.stdout
    assert printed_after("$1 = 5", done.stdout) == ["5"]


def test_who_quits_ends_the_guest(tmp_path):
    module(tmp_path, "levels", LEVELS)
    script = "import levels\nprint(levels.add(3))\nprint('after')\n"
    done = debug(tmp_path, script, "continue\nkill\n", "--break", "note")
    assert done.returncode == 0, done.stderr
    assert "the debugger has ended the guest" in done.stderr
    assert "after" not in done.stdout


def test_a_debugger_that_is_none_is_refused(tmp_path):
    module(tmp_path, "levels", LEVELS)
    done = debug(tmp_path, "import levels\n", "continue\n", "--debugger", "no-such-gdb")
    assert done.returncode == 2
    assert "no-such-gdb is not installed; debugging needs it" in done.stderr
    done = debug(tmp_path, "import levels\n", "continue\n", "--debugger", "true")
    assert done.returncode == 2
    assert "cannot run Python" in done.stderr


def test_a_memory_error_stops_the_guest(tmp_path):
    module(tmp_path, "ends", SOURCE_OF_ENDS)
    script = "import ends\nfrom array import array\nends.fill(array('h', [1] * 9))\n"
    done = debug(tmp_path, script, "continue\nbacktrace 1\nprint i\n", "--memcheck")
    assert done.returncode == 1
    found = r"mpy-harness: overrun: fill\(\) of the native module ends, ends\.c:8, writes 2 bytes at 0x\w+\n"
    assert len(re.findall(found, done.stderr)) == 2  # when it stops the guest, and as the error of the request
    assert re.search(r"#0 .*\bfill \(.*\) at ends\.c:\d", done.stdout)
