"""mpy-harness fuzz, and native_calls in tests: what they find, the test that they leave, what a sound module gets."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.emulator.projects import mpy_harness, run, write

MAKEFILE = """\
MOD = means
SRC = means.c
ARCH ?= armv7emsp
include $(MPY_DIR)/py/dynruntime.mk
"""
# The mean of an array('h') over a window: the last step of the loop reads past an array whose length is no multiple of
# the window, and stores past an output that is too short. A window of 0 never ends.
SOURCE = """\
#include "py/dynruntime.h"

typedef struct {
    mp_obj_base_t base;
    int window;
} means_obj_t;

mp_obj_full_type_t means_type;
mp_map_elem_t means_members[1];
static MP_DEFINE_CONST_DICT(means_dict, means_members);

static mp_obj_t means_new(mp_obj_t window_in) {
    int window = mp_obj_get_int(window_in);
    if (window < LEAST || window > 64) {
        mp_raise_ValueError(MP_ERROR_TEXT("window"));
    }
    means_obj_t *self = mp_obj_malloc(means_obj_t, (mp_obj_type_t *)&means_type);
    self->window = window;
    return MP_OBJ_FROM_PTR(self);
}
static MP_DEFINE_CONST_FUN_OBJ_1(means_new_obj, means_new);

static mp_obj_t means_run(mp_obj_t self_in, mp_obj_t in, mp_obj_t out) {
    means_obj_t *self = MP_OBJ_TO_PTR(self_in);
    mp_buffer_info_t from, to;
    mp_get_buffer_raise(in, &from, MP_BUFFER_READ);
    mp_get_buffer_raise(out, &to, MP_BUFFER_WRITE);
    if (from.typecode != 'h' || to.typecode != 'h') {
        mp_raise_TypeError(MP_ERROR_TEXT("expected array('h')"));
    }
    const int16_t *x = from.buf;
    int16_t *y = to.buf;
    size_t n = from.len / 2;
    if (to.len < from.len CHECKED) {
        mp_raise_ValueError(MP_ERROR_TEXT("out is too short"));
    }
    for (size_t at = 0; at < n; at += self->window) {
        int sum = 0;
        for (int i = 0; i < self->window; i++) {
            sum += x[at + i];
        }
        y[at] = sum / self->window;
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_3(means_run_obj, means_run);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    means_type.base.type = (void *)&mp_type_type;
    means_type.flags = MP_TYPE_FLAG_NONE;
    means_type.name = MP_QSTR_Means;
    means_members[0] = (mp_map_elem_t) {MP_OBJ_NEW_QSTR(MP_QSTR_run), MP_OBJ_FROM_PTR(&means_run_obj)};
    MP_OBJ_TYPE_SET_SLOT(&means_type, locals_dict, (void *)&means_dict, 0);
    mp_store_global(MP_QSTR_new, MP_OBJ_FROM_PTR(&means_new_obj));
    MP_DYNRUNTIME_INIT_EXIT
}
"""
UNSOUND = SOURCE.replace("LEAST", "1").replace("CHECKED", "")
SOUND = SOURCE.replace("LEAST", "1").replace("CHECKED", "|| n % self->window != 0")
ENDLESS = SOURCE.replace("LEAST", "0").replace("CHECKED", "|| (self->window && n % self->window != 0)")
ENDLESS = ENDLESS.replace("sum / self->window;", "self->window ? sum / self->window : 0;")


def make(folder: Path, source: str) -> Path:
    module = folder / "natmods" / "means"
    module.mkdir(parents=True, exist_ok=True)
    (module / "Makefile").write_text(MAKEFILE)
    (module / "means.c").write_text(source)
    return module


def line_of(text: str) -> int:
    return next(number for number, line in enumerate(SOURCE.splitlines(), 1) if text in line)


def test_an_overrun_is_found_behind_the_checks_and_becomes_a_test(project: pytest.Pytester) -> None:
    make(project.path, UNSOUND)
    done = mpy_harness("fuzz", "natmods/means", "--calls", "400", "--seed", "1", cwd=project.path)
    assert done.returncode == 1, done.stdout + done.stderr
    place = rf"overrun: means_run\(\) of the native module means, means.c:{line_of('sum += x')}"
    assert re.search(rf"{place}, reads 2 bytes at 0x", done.stdout)
    # Another compiler's code may read past the end in one more way, which is another finding.
    path = re.findall(rf"{place}(?:.*\n)*?.*the test that shows it: (\S+)  \(pytest \1\)", done.stdout)[0]
    text = (project.path / path).read_text()
    assert re.match(rf"# {place}\n# Found by: mpy-harness fuzz natmods/means --calls 400 --seed 1\n", text)
    source = text.partition("'''\n")[2].partition("'''")[0].splitlines()
    assert 4 <= len(source) <= 7  # imports, two buffers at most, an object, a call
    result = run(project, path)
    result.assert_outcomes(failed=1)
    assert re.search(place, result.stdout.str())
    make(project.path, SOUND)
    run(project, path).assert_outcomes(passed=1)


def test_nothing_is_found_in_a_sound_module_twice_the_same(tmp_path: Path) -> None:
    make(tmp_path, SOUND)
    one, again = (mpy_harness("fuzz", "natmods/means", "--calls", "100", cwd=tmp_path) for _ in range(2))
    assert one.returncode == 0, one.stdout
    assert re.fullmatch(r"\d+ calls in \d+ sequences, seed 0: \d+ of 32 lines of C ran\nnothing found\n", one.stdout)
    assert one.stdout == again.stdout
    assert not (tmp_path / ".mpy-harness" / "fuzz").exists()


def test_a_loop_is_found_with_objects_of_a_setup(tmp_path: Path) -> None:
    make(tmp_path, ENDLESS)
    setup = "import means\nfrom array import array\nx = array('h', [1] * 4)\nnone = means.new(0)\n"
    (tmp_path / "setup.py").write_text(setup)
    options = ("--natmods", "natmods", "--setup", "setup.py", "--calls", "300", "--timeout", "0.5", "--output", "found")
    done = mpy_harness("fuzz", "means.run", *options, cwd=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    (file,) = (tmp_path / "found").glob("test_means_nativeloop*.py")
    assert re.search(r"none = means.new\(0\)\n(.*\n)*? +none\.run\(", file.read_text())


def test_what_is_wrong_with_the_command_is_said(tmp_path: Path) -> None:
    module = make(tmp_path, SOUND)
    for arguments, words in {
        ("absent",): "there is no native module 'absent'",
        ("absent.mpy",): "there is no file absent.mpy",
        ("natmods/means.nothing", "--calls", "10"): "nothing named 'nothing' was met in means: new",
        ("natmods/means", "--setup", "setup.py"): "the setup cannot be run before each sequence of calls",
    }.items():
        (tmp_path / "setup.py").write_text("1 / 0")
        done = mpy_harness("fuzz", *arguments, cwd=tmp_path)
        assert done.returncode in {1, 2}, arguments
        assert words in done.stderr, arguments
        assert "Traceback" not in done.stderr.replace('Traceback (most recent call last):\n  File "<string>"', "")
    shutil.rmtree(module)


def test_a_strategy_for_hypothesis(project: pytest.Pytester) -> None:
    pytest.importorskip("hypothesis", reason="Hypothesis is not installed: pip install hypothesis")
    make(project.path, UNSOUND)
    write(
        project,
        test_any='''
import pytest
from hypothesis import given, settings
from mpy_harness.fuzzing.strategy import native_calls

SETUP = """
import means
from array import array
five = means.new(5)
x = array("h", range(7))
y = array("h", range(9))
"""

@pytest.mark.memcheck
def test_any(board, natmod):
    @settings(max_examples=100, deadline=None, derandomize=True, database=None)
    @given(calls=native_calls(board, natmod("means"), setup=SETUP))
    def any_calls(calls):
        calls.run()

    any_calls()
''',
    )
    result = project.runpytest_subprocess("-p", "no:cacheprovider", timeout=120)  # with its plugin, as users have it
    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    assert "overrun: means_run()" in text
    assert re.search(r"five\.run\((x|y|memoryview.*), (x|y|memoryview.*)\)", text)
