"""Frozen modules and modules in C of a target: built where they lie, and built again for all that a build read."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mpy_harness.errors import BuildFailed, TargetInvalid
from mpy_harness.firmware import additions, cache
from mpy_harness.firmware.image import cached_firmware, firmware_for
from mpy_harness.resources import targets_dir
from mpy_harness.targets import Target, load_target
from tests.emulator.projects import mpy_harness

M33 = (targets_dir() / "m33" / "target.toml").read_text(encoding="utf-8")
ADDED = 'FROZEN_MANIFEST = "../frozen/manifest.py"\nUSER_C_MODULES = "../modules"'

# Paths below the project, and a change that its build notices.
FILES = {
    "frozen/manifest.py": 'module("answer.py", base_path="$(MANIFEST_DIR)")\ninclude("more")\n',
    "frozen/answer.py": "def answer():\n    return 1\n",
    "frozen/more/manifest.py": 'freeze("../../python")\n',
    "python/other.py": "OTHER = 20\n",
    "modules/gauge/micropython.mk": (
        "SRC_USERMOD_C += $(USERMOD_DIR)/gauge.c\nSRC_USERMOD_LIB_C += $(USERMOD_DIR)/../../shared/far.c\n"
        "SRC_USERMOD_CXX += $(USERMOD_DIR)/plus.cpp\nCFLAGS_USERMOD += -I$(USERMOD_DIR)\n"
        "CXXFLAGS_USERMOD += -I$(USERMOD_DIR) -fno-exceptions -fno-rtti\n"
    ),
    "modules/gauge/gauge.c": """
#include "py/runtime.h"
#include "gauge.h"
int far(void);
int plus(void);
static mp_obj_t read(void) { return MP_OBJ_NEW_SMALL_INT(NEAR + far() + plus()); }
static MP_DEFINE_CONST_FUN_OBJ_0(read_obj, read);
static const mp_rom_map_elem_t table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_gauge) },
    { MP_ROM_QSTR(MP_QSTR_read), MP_ROM_PTR(&read_obj) },
};
static MP_DEFINE_CONST_DICT(globals, table);
const mp_obj_module_t gauge_module = { .base = { &mp_type_module }, .globals = (mp_obj_dict_t *)&globals };
MP_REGISTER_MODULE(MP_QSTR_gauge, gauge_module);
""",
    "modules/gauge/gauge.h": "#define NEAR 300\n",
    "modules/gauge/plus.cpp": '#include "plus.h"\nextern "C" int plus(void) { return PLUS; }\n',
    "modules/gauge/plus.h": "#define PLUS 50000\n",
    "shared/far.c": '#include "far.h"\nint far(void) { return FAR; }\n',
    "shared/far.h": "#define FAR 4000\n",
}
NEW_FILES = ("python/second.py", "modules/gauge/second.c", "modules/second/micropython.mk")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "my project"
    (root / ".git").mkdir(parents=True)
    for name, text in {**FILES, "modules/second/README": "no module yet\n"}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def described(project: Path, added: str) -> Target:
    """Describe the target m33 in the project, with more in its table of variables."""
    file = project / "mine/target.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(M33.replace("[natmod]", f"[firmware.make]\n{added}\n\n[natmod]"), encoding="utf-8")
    return load_target(str(file.parent))


@pytest.fixture
def target(project: Path) -> Target:
    return described(project, ADDED)


@pytest.mark.slow
def test_what_a_target_adds_is_in_its_firmware_which_follows_every_file(project, target, source, make_board):
    before = cache.hash_tree(project)
    first = firmware_for(target)
    assert cache.hash_tree(project) == before
    assert values(make_board(target, first.elf)) == (1, 20, 54300)

    for name, text in FILES.items():
        (project / name).write_text(f"{text}\n", encoding="utf-8")
        assert cached_firmware(target, source) is None, name
        (project / name).write_text(text, encoding="utf-8")
        assert cached_firmware(target, source) == first, name
    for name in NEW_FILES:
        (project / name).touch()
        assert cached_firmware(target, source) is None, name
        (project / name).unlink()
    (project / "README").write_text("of the project, which is not built\n", encoding="utf-8")
    assert firmware_for(target) == first

    (project / "python/other.py").write_text("OTHER = 21\n", encoding="utf-8")
    (project / "shared/far.h").write_text("#define FAR 6000\n", encoding="utf-8")
    assert values(make_board(target, firmware_for(target).elf)) == (1, 21, 56300)


def values(board):
    return (
        board.eval("__import__('answer').answer()"),
        board.eval("__import__('other').OTHER"),
        board.eval("__import__('gauge').read()"),
    )


def test_a_manifest_that_requires_a_package_says_where_packages_are(project, target):
    (project / "frozen/manifest.py").write_text('require("unittest")\n', encoding="utf-8")
    with pytest.raises(BuildFailed, match=r"Package 'unittest' not found.*") as caught:
        firmware_for(target)
    told = str(caught.value)
    assert f"Error in manifest file: {project}/frozen/manifest.py" in told
    assert "--micropython PATH" in told
    assert "MPY_LIB_DIR" in told


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ('FROZEN_MANIFEST = "nothing.py"', r"firmware\.make\.FROZEN_MANIFEST: there is no file .*/mine/nothing\.py"),
        ('USER_C_MODULES = "../nothing"', r"firmware\.make\.USER_C_MODULES: there is no folder .*/nothing"),
        ('USER_C_MODULES = "../frozen"', r"no folder in .*/frozen has a micropython\.mk"),
        ('USER_C_MODULES = "../modules/gauge"', r"Name the folder above the modules: .*/modules\."),
        ('FROZEN_MANIFST = "nothing.py"', r"Did you mean FROZEN_MANIFEST in place of FROZEN_MANIFST\?"),
        ('MPY_LIB_DIR = "lib"', r"firmware\.make\.MPY_LIB_DIR: there is no folder .*/mine/lib"),
    ],
)
def test_what_is_not_there_is_said_before_anything_is_built(project, value, message):
    with pytest.raises(TargetInvalid, match=message):
        firmware_for(described(project, value))


@pytest.mark.slow
def test_options_say_the_same_without_a_target_of_its_own(project: Path) -> None:
    (project / "pytest.ini").write_text(
        "[pytest]\nmpy_firmware_make =\n  USER_C_MODULES=modules\n  FROZEN_MANIFEST=frozen/manifest.py\n"
    )
    (project / "tests").mkdir()
    script = "import gauge, other\nprint(gauge.read() + other.OTHER)\nassert gauge.read() == 54300\n"
    (project / "tests/test_gauge.py").write_text(script)
    words = ("--firmware-make", "USER_C_MODULES=modules", "--firmware-make", "FROZEN_MANIFEST=frozen/manifest.py")
    done = mpy_harness("run", "tests/test_gauge.py", *words, cwd=project)
    assert (done.returncode, done.stdout) == (0, "54320\n"), done.stderr
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--device-scripts=test_gauge.py"]
    tested = subprocess.run(command, cwd=project / "tests", capture_output=True, text=True, timeout=120, check=False)
    assert "1 passed" in tested.stdout, tested.stdout
    listed = mpy_harness("sizes", "m33", *words, cwd=project)
    assert {"gauge", "other"} <= {line.split()[0] for line in listed.stdout.splitlines() if line}


@pytest.mark.parametrize(
    ("name", "word", "message"),
    [
        ("m33", "USER_C_MODULES=frozen", r"--firmware-make USER_C_MODULES: no folder in .*/frozen has a micropython"),
        ("m33", "FROZEN_MANIFEST=nothing.py", r"--firmware-make FROZEN_MANIFEST: there is no file .*/nothing\.py"),
        ("m33", "modules", r"--firmware-make wants NAME=VALUE, such as USER_C_MODULES=cmodules, not 'modules'"),
        ("esp32", "USER_C_MODULES=modules", "the firmware of esp32 is not built, it is published"),
        ("uno", "USER_C_MODULES=modules", "uno runs plain C programs alone"),
    ],
)
def test_options_that_cannot_be_followed_are_said(project: Path, name: str, word: str, message: str) -> None:
    with pytest.raises(TargetInvalid, match=message):
        additions.with_make(load_target(name), [word], project)


@pytest.mark.parametrize(
    "words", [["run", "script.py"], ["setup", "m33"], ["profile", "script.py"], ["pytest"]], ids=lambda words: words[0]
)
def test_an_image_that_is_given_is_not_built(project: Path, words: list[str]) -> None:
    (project / "script.py").touch()
    (project / "image.elf").touch()
    options = ["--firmware", "image.elf", "--firmware-make", "USER_C_MODULES=modules"]
    module = ["pytest", "-p", "no:cacheprovider"] if words == ["pytest"] else ["mpy_harness", *words]
    done = subprocess.run(
        [sys.executable, "-m", *module, *options], cwd=project, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode != 0
    assert "--firmware-make is for firmware that is built: leave --firmware out." in done.stderr


def test_a_pattern_stands_for_the_targets_whose_firmware_is_built(project: Path) -> None:
    (project / "test_it.py").write_text("def test_it(target):\n    pass\n")
    for pattern, said in (
        ("esp*", "no target that this pattern stands for has firmware"),
        ("renode-*", "2 tests coll"),
    ):
        command = [sys.executable, "-m", "pytest", "--collect-only", "-p", "no:cacheprovider", f"--target={pattern}"]
        command += ["--firmware-make=USER_C_MODULES=modules", "test_it.py"]
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=60, check=False)
        assert said in done.stdout + done.stderr


@pytest.mark.parametrize("where", ["checkout", "submodule"])
def test_packages_come_from_a_checkout_of_micropython_lib_or_a_tree_that_has_it(where, project, source, monkeypatch):
    """A whole build is another test's: here, that the manifest finds the package."""
    monkeypatch.setenv(cache.ENVIRONMENT, str(project.parent / "cache"))
    tree = project / "micropython"
    shutil.copytree(source.path, tree)
    library = project / "library" if where == "checkout" else tree / "lib" / "micropython-lib"
    (library / "python-stdlib/greeting").mkdir(parents=True)
    (library / "README.md").touch()
    (library / "python-stdlib/greeting/manifest.py").write_text('metadata(version="1.0")\nmodule("greeting.py")\n')
    (library / "python-stdlib/greeting/greeting.py").write_text("no Python\n")
    (project / "frozen/manifest.py").write_text('require("greeting")\n', encoding="utf-8")
    named = 'MPY_LIB_DIR = "../library"' if where == "checkout" else ""
    target = described(project, f'FROZEN_MANIFEST = "../frozen/manifest.py"\n{named}')
    with pytest.raises(BuildFailed, match=r"(?s)error compiling greeting\.py.*SyntaxError"):
        firmware_for(target, source=tree)
