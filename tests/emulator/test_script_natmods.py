"""Scripts that import native modules from the folders of --natmods: as tests, and by `mpy-harness run`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mpy_harness.board import Board
from mpy_harness.board.natmod_loader import ModuleLoader, build_module
from mpy_harness.board.pool import BoardPool
from mpy_harness.board.scripts import DeviceScript, ScriptModules
from mpy_harness.counting.profile import Profile
from mpy_harness.errors import GuestException, NatmodInvalid
from mpy_harness.firmware import cache
from mpy_harness.resources import natmods_dir
from mpy_harness.targets import Target
from tests import warm

OWN = """
#include "py/dynruntime.h"

static mp_obj_t answer(void) {
    return mp_obj_new_int(VALUE);
}
static MP_DEFINE_CONST_FUN_OBJ_0(answer_obj, answer);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    mp_store_global(MP_QSTR_answer, MP_OBJ_FROM_PTR(&answer_obj));
    MP_DYNRUNTIME_INIT_EXIT
}
"""
MAKEFILE = "MOD = {module}\nSRC = own.c\nARCH ?= armv7emsp\ninclude $(MPY_DIR)/py/dynruntime.mk\n"


def natmod(folder: Path, value: int, module: str | None = None) -> Path:
    folder.mkdir(parents=True)
    (folder / "Makefile").write_text(MAKEFILE.format(module=module or folder.name))
    (folder / "own.c").write_text(OWN.replace("VALUE", str(value)))
    return folder


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A project with native modules `own` and `renamed`, and finished modules beside them."""
    natmod(tmp_path / "natmods" / "own", 42)
    natmod(tmp_path / "natmods" / "renamed", 43, "other_name")
    write(tmp_path / "natmods", plain="import own\nvalue = own.answer() + 1\n")
    write(tmp_path / "tests")
    return tmp_path


class Runner:
    def __init__(self, pool: BoardPool, target: Target, cwd: Path) -> None:
        self.pool, self.target, self.cwd = pool, target, cwd

    def __call__(self, text: str, *natmods: str, device_path: tuple[str, ...] = ()) -> tuple[str, ScriptModules]:
        """Run a script of the folder `tests`; return what it printed and which modules it had."""
        path = self.cwd / "tests" / "script.py"
        path.write_text(text)
        script = DeviceScript(
            path,
            self.cwd,
            tuple(self.cwd / folder for folder in device_path),
            tuple(self.cwd / folder for folder in natmods or ("natmods",)),
        )
        modules = script.modules(self.target)
        board = self.pool.board(self.target, script.host_files(modules))
        script.run(board)
        return board.output, modules


@pytest.fixture
def execute(pool: BoardPool, m33: Target, place: Path) -> Runner:
    return Runner(pool, m33, place)


def test_a_module_is_built_and_imported(execute, place):
    output, modules = execute("import own\nprint(own.answer(), own.__file__)\n")
    assert output == "42 /natmod_builds/own.mpy\n"
    assert list(modules.builds) == ["own"]
    assert "answer" in {function.name for function in modules.builds["own"].functions}
    assert modules.files == ()
    assert sorted(path.name for path in (place / "natmods" / "own").iterdir()) == ["Makefile", "own.c"]
    (place / "natmods" / "own" / "own.c").write_text(OWN.replace("VALUE", "44"))
    assert execute("import own\nprint(own.answer())\n")[0] == "44\n"


def test_a_module_has_the_name_of_its_folder(execute):
    output, modules = execute("import renamed\nprint(renamed.answer(), renamed.__name__)\n")
    assert output == "43 renamed\n"
    assert modules.builds["renamed"].name == "other_name"


def test_only_what_is_imported_is_built(execute, place):
    (place / "natmods" / "own" / "own.c").write_text("nonsense")
    output, modules = execute("import renamed\nprint(renamed.answer())\n")
    assert (output, list(modules.builds)) == ("43\n", ["renamed"])
    with pytest.raises(NatmodInvalid, match=r"own did not build for armv7emsp"):
        execute("import own\n")


def test_finished_files_are_importable_and_read_for_what_they_import(execute, place, m33):
    finished = build_module(natmods_dir() / "iir", m33)
    shutil.copy(finished.path, place / "natmods" / "iir.mpy")
    output, modules = execute("import plain, iir\nprint(plain.value, 'new' in dir(iir), iir.__file__)\n")
    assert output == "43 True /natmod_files_0/iir.mpy\n"
    assert list(modules.builds) == ["own"]
    assert modules.files == (place / "natmods" / "iir.mpy",)


def test_what_is_beside_the_script_and_on_the_device_path_wins(execute, place):
    write(place / "lib", own="answer = lambda: 'device path'\n")
    script = "import own\nprint(own.answer())\n"
    for device_path, expected in (((), "42\n"), (("lib",), "device path\n")):
        assert execute(script, device_path=device_path)[0] == expected
    write(place / "tests", own="answer = lambda: 'beside'\n")
    output, modules = execute(script, device_path=("lib",))
    assert (output, modules.builds) == ("beside\n", {})
    write(place / "tests", plain="value = 'beside'\n")
    assert execute("import plain\nprint(plain.value)\n")[0] == "beside\n"


def test_the_current_folder_comes_last(execute, place):
    write(place, own="answer = lambda: 'current'\n", plain="value = 'current'\n", elsewhere="value = 'current'\n")
    output, _ = execute("import own, plain, elsewhere\nprint(own.answer(), plain.value, elsewhere.value)\n")
    assert output == "42 43 current\n"


def test_scripts_among_the_folders_of_native_modules(execute, place):
    """The folder `own` beside the script has its sources; to MicroPython it would be an empty package."""
    natmod(place / "tests" / "near", 45)
    output, _ = execute("import near\nprint(near.answer())\n", "tests")
    assert output == "45\n"
    (place / "tests" / "near" / "data.txt").write_text("data")
    assert execute("import near\nprint(open('near/data.txt').read())\n", "tests")[0] == "data\n"


def test_the_first_of_several_folders_wins(execute, place):
    natmod(place / "more" / "own", 46)
    write(place / "more", plain="value = 'more'\n")
    script = "import own, renamed, plain\nprint(own.answer(), renamed.answer(), plain.value)\n"
    assert execute(script, "more", "natmods")[0] == "46 43 more\n"
    assert execute(script, "natmods", "more")[0] == "42 43 43\n"


def test_a_name_that_is_computed_is_not_found(execute):
    with pytest.raises(GuestException, match="ImportError"):
        execute("__import__('o' + 'wn').answer()\n")


# --- pytest and the command line -----------------------------------------------------------------

TESTS = """
import own

def test_right():
    assert own.answer() == 42

def test_wrong():
    assert own.answer() == 41
"""


def pytest_in(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (place / "pytest.ini").write_text("[pytest]\n")
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    env |= {cache.ENVIRONMENT: str(cache.cache_root()), "COLUMNS": "160"}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    return warm.run(command, cwd=place, env=env)


def run(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mpy_harness", *arguments]
    return warm.run(command, cwd=place)


def test_device_scripts_of_pytest(place):
    write(place / "tests", test_own=TESTS)
    done = pytest_in(place, "--device-scripts", "tests", "--natmods", "natmods")
    assert "1 failed, 1 passed" in done.stdout
    assert "AssertionError" in done.stdout
    table = done.stdout.partition("native modules ---")[2]
    assert "own" in table
    assert "--natmods natmods" in done.stdout  # in the command that runs it again
    (place / "natmods" / "own" / "own.c").write_text("nonsense")
    done = pytest_in(place, "--device-scripts", "tests", "--natmods", "natmods")
    assert "2 failed" in done.stdout
    assert "NatmodInvalid: the native module" in done.stdout
    assert "Traceback" not in done.stdout
    assert "session.py" not in done.stdout


def test_each_target_imports_from_the_folder_of_its_architecture(place):
    for target in ("m33", "m0"):
        assert run(place, "build", "natmods/own", "--target", target, "-o", "dist").returncode == 0
    write(place / "dist", own="answer = lambda: 'for no architecture'\n")
    write(place / "tests", test_own=TESTS)
    done = pytest_in(
        place, "-n0", "--device-scripts=tests", "--device-path=dist", "--target=m33", "--target=m0", "-k", "right"
    )
    assert "2 passed" in done.stdout, done.stdout
    write(place / "tests", script="import own\nprint(own.answer(), own.__file__)\n")
    for target, file in (("m33", "/device_path_0/own.mpy"), ("rv32", "/device_path_0/own.py")):
        done = run(place, "run", "tests/script.py", "--device-path", "dist", "--target", target)
        value = 42 if target == "m33" else "for no architecture"
        assert (done.returncode, done.stdout) == (0, f"{value} {file}\n"), done.stderr


def test_run(place):
    write(place / "tests", script="import own, sys\nprint(own.answer(), sys.argv)\n")
    natmod(place / "more" / "renamed", 47)
    done = run(place, "run", "tests/script.py", "--natmods", "more", "--natmods", "natmods", "word")
    assert (done.returncode, done.stdout) == (0, "42 ['/tests/script.py', 'word']\n"), done.stderr
    done = run(place, "run", "tests/script.py")
    assert done.returncode == 1
    assert "ImportError" in done.stderr
    done = run(place, "run", "tests/script.py", "--natmods", "nowhere")
    assert done.returncode == 2
    assert "nowhere" in done.stderr
    (place / "natmods" / "own" / "own.c").write_text("nonsense")
    done = run(place, "run", "tests/script.py", "--natmods", "natmods")
    assert (done.returncode, done.stdout) == (1, "")
    assert "own did not build for armv7emsp" in done.stderr
    assert "Traceback" not in done.stderr


def test_profile_names_the_functions_of_modules(place, m33):
    shutil.copytree(natmods_dir() / "iir", place / "natmods" / "iir")
    shutil.copy(build_module(natmods_dir() / "fft", m33).path, place / "natmods" / "finished.mpy")
    script = "import array, iir, finished\nfinished.new(8)\niir.new(array.array('f', [1, 0, 0, 1, 0, 0])).reset()\n"
    write(place / "tests", script=script)
    done = run(place, "profile", "tests/script.py", "--natmods", "natmods", "--output", "out")
    assert done.returncode == 0, done.stderr
    profile = Profile.from_json((place / "out" / "profile.json").read_text())
    functions = {cost.function for cost in profile.functions() if cost.function.kind == "natmod"}
    assert {"iir_new", "mpy_init"} <= {one.name for one in functions if one.module == "iir"}
    strange = {one.name for one in functions if one.module == "finished"}
    assert len(strange) > 1
    assert all(re.fullmatch(r"finished\+0x[0-9a-f]+", name) for name in strange)


def test_a_bare_name_is_also_a_folder_here(make_board, place, monkeypatch):
    monkeypatch.chdir(place / "natmods")
    load = ModuleLoader(make_board())
    assert load("own").answer() == 42
    (place / "natmods" / "iir").mkdir()  # no module: it has no makefile
    assert load.folder("iir") == natmods_dir() / "iir"
    shutil.copy(place / "natmods" / "own" / "Makefile", place / "natmods" / "iir")
    assert load.folder("iir") == place / "natmods" / "iir"


def test_a_test_gives_variables_and_goal_for_the_makefile(make_board: Callable[..., Board], tmp_path: Path) -> None:
    folder = natmod(tmp_path / "own", 42)
    (folder / "own.c").write_text(OWN)
    with (folder / "Makefile").open("a") as makefile:
        makefile.write("CFLAGS += -DVALUE=$(CONFIG)\nCONFIG = 1\nbetter: CONFIG = 9\nbetter: all\n")
    board = make_board()
    load = ModuleLoader(board)
    assert load(folder).answer() == 1
    assert ModuleLoader(make_board())(folder, variables={"CONFIG": "5"}).answer() == 5
    assert ModuleLoader(make_board())(folder, goal="better").answer() == 9
    with pytest.raises(NatmodInvalid, match="ARCH: every build of a native module sets that itself"):
        load(folder, variables={"ARCH": "x64"})
    for _ in range(2):  # the second is out of the cache
        with pytest.raises(NatmodInvalid, match=r"no makefile reads CONFG\. Did you mean CONFIG in place of CONFG\?"):
            load(folder, variables={"CONFG": "5"})
    with pytest.raises(NatmodInvalid, match=r"no makefile reads SOMETHING\.$"):
        load(folder, variables={"SOMETHING": "5"})


DIST = """
dist: all
\tmkdir -p ../dist
\tmv $(MOD).mpy ../dist/renamed.mpy
"""


def test_a_goal_may_put_the_module_elsewhere(make_board: Callable[..., Board], tmp_path: Path) -> None:
    folder = natmod(tmp_path / "own", 42)
    (folder / "more.py").write_text("def twice():\n    return 2 * answer()\n")
    makefile = (folder / "Makefile").read_text().replace("SRC = ", "SRC = more.py ")
    (folder / "Makefile").write_text(makefile + DIST)
    load = ModuleLoader(make_board())
    module = load(folder, goal="dist")
    assert module.build is not None
    assert (module.twice(), module.build.name) == (84, "renamed")
    assert not (tmp_path / "dist").exists()
    (folder / "Makefile").write_text(makefile + DIST + "\tcp ../dist/renamed.mpy build/again.mpy\n")
    with pytest.raises(NatmodInvalid, match=r"left 2 \.mpy files where one was .*\n.*renamed\.mpy\n.*again\.mpy"):
        load(folder, goal="dist")


OWN_MAKE = """
def test_all_get_these(natmod):
    assert natmod("own").answer() == 9


def test_its_own_variables_go_first(natmod):
    assert natmod("own", goal="all", variables={"CONFIG": "5"}).answer() == 5
"""


def test_all_modules_of_a_project_get_words_for_make(tmp_path: Path) -> None:
    folder = natmod(tmp_path / "natmods" / "own", 42)
    (folder / "own.c").write_text(OWN)
    with (folder / "Makefile").open("a") as makefile:
        makefile.write("CFLAGS += -DVALUE=$(CONFIG)\n_mpy-build: all\n")
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nmpy_natmods = natmods\nmpy_natmod_make =\n  _mpy-build\n  CONFIG=9\n"
    )
    (tmp_path / "test_own.py").write_text(OWN_MAKE)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = warm.run(command, cwd=tmp_path)
    assert "2 passed" in done.stdout, done.stdout
    (tmp_path / "script.py").write_text("import own; print(own.answer())")
    options = ("--natmods", "natmods", "--natmod-make", "_mpy-build", "--natmod-make")
    assert run(tmp_path, "run", "script.py", *options, "CONFIG=7").stdout == "7\n"
    misspelt = run(tmp_path, "run", "script.py", *options, "CONFG=7")
    assert misspelt.returncode == 1
    assert "Did you mean CONFIG in place of CONFG?" in misspelt.stderr
    refused = run(tmp_path, "run", "script.py", *options, "-B")
    assert refused.returncode == 2
    assert "'-B' is neither a goal of make" in refused.stderr
