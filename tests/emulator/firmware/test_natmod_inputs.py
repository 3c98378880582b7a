"""A native module is built where it lies in its project, and again when anything changed that its build read."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from mpy_harness.firmware import build_inputs, cache
from mpy_harness.firmware.project_mirror import Mirror

MODULE = """
#include "py/dynruntime.h"
#include "beside.h"
#include "far.h"
#include "package.h"
int shared(int x);
static mp_obj_t up(mp_obj_t x) { return mp_obj_new_int(shared(mp_obj_get_int(x)) + BESIDE + FAR + PACKAGE); }
static MP_DEFINE_CONST_FUN_OBJ_1(up_obj, up);
mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    mp_store_global(MP_QSTR_up, MP_OBJ_FROM_PTR(&up_obj));
    MP_DYNRUNTIME_INIT_EXIT
}
"""

# Everything that a module's build may read and that is not in the module's folder.
OUTSIDE = {
    "src/dynmodule.mk": "MOD = counter\nCFLAGS_EXTRA += -I../../include -I$(PACKAGE) -DSCALE=3\n",
    "src/shared.c": '#include "deeper.h"\nint shared(int x) { return SCALE * x + DEEPER; }\n',
    "src/deeper.h": "#define DEEPER 1\n",
    "include/far.h": "#define FAR 2\n",
    "src/more.py": "ANSWER = 42\n",
    "tools/facts.py": "import pathlib; print(pathlib.Path('../../tools/facts.txt').read_text())\n",
    "tools/facts.txt": "-DFACT=5\n",
    "package/package.h": "#define PACKAGE 7\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of the kind of emlearn-micropython: modules share makefiles, sources and headers around them."""
    root = tmp_path / "my project"
    module = root / "src" / "counter"
    module.mkdir(parents=True)
    (root / ".git").mkdir()
    (module / "counter.c").write_text(MODULE)
    (module / "beside.h").write_text("#define BESIDE 4\n")
    (module / "Makefile").write_text(
        "PACKAGE ?= ../../package\nSRC = counter.c ../shared.c ../more.py\nARCH ?= armv7emsp\n"
        "include ../dynmodule.mk\nCFLAGS_EXTRA += $(shell $(PYTHON) ../../tools/facts.py)\n"
        "include $(MPY_DIR)/py/dynruntime.mk\n"
    )
    for name, text in OUTSIDE.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    return root


def test_it_builds_where_it_lies_and_the_project_stays_as_it_was(build, project):
    before = cache.hash_tree(project)
    built = build(project / "src" / "counter")
    assert built.name == "counter"
    assert b"ANSWER" in built.path.read_bytes()  # the Python part is in it as well
    assert cache.hash_tree(project) == before
    assert not list(project.rglob("*.mpy"))
    assert not list(project.rglob("build"))


def test_it_is_built_again_for_any_file_that_it_read_and_for_no_other(build, project):
    folder = project / "src" / "counter"
    before = build(folder)
    (project / "include" / "other.h").write_text("#define OTHER 1\n")
    assert build(folder).path == before.path
    for name in OUTSIDE:
        file = project / name
        text = file.read_text()
        file.write_text(
            text.replace("-DFACT=5", "-DFACT=6") + ("# changed\n" if name.endswith((".mk", ".py")) else "\n")
        )
        after = build(folder)
        assert after.path != before.path, name
        assert build(folder).path == after.path
        before = after


def test_what_tests_leave_in_the_folder_changes_nothing(build, project):
    # A module may be a project of its own, in which each run of pytest writes.
    folder = project / "src" / "counter"
    before = build(folder)
    for name in (".mpy-harness/console/m33-1.log", ".pytest_cache/v/cache/nodeids", ".hypothesis/examples/a"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text("written by a test")
        assert build(folder).path == before.path, name


def test_what_was_there_before_is_not_built_again_for_a_change_that_was_taken_back(build, project):
    folder, header = project / "src" / "counter", project / "include" / "far.h"
    first = build(folder)
    moment = first.path.stat().st_mtime_ns
    header.write_text("#define FAR 20\n")
    assert build(folder).provenance.file_sha256 != first.provenance.file_sha256
    header.write_text(OUTSIDE["include/far.h"])
    assert build(folder).path == first.path
    assert first.path.stat().st_mtime_ns == moment


def test_two_checkouts_do_not_take_each_others_files(build, project, tmp_path):
    other = shutil.copytree(project, tmp_path / "other")
    first = build(project / "src" / "counter")
    assert build(other / "src" / "counter").path == first.path
    (other / "include" / "far.h").write_text("#define FAR 9\n")
    changed = build(other / "src" / "counter")
    assert changed.provenance.file_sha256 != first.provenance.file_sha256
    assert build(project / "src" / "counter").provenance.file_sha256 == first.provenance.file_sha256


def test_a_makefile_may_write_beside_the_module(build, project):
    makefile = project / "src" / "dynmodule.mk"
    makefile.write_text(
        makefile.read_text() + "all: stamp\nstamp:\n\tmkdir -p ../../dist && echo made > ../../dist/stamp\n"
    )
    build(project / "src" / "counter")
    assert not (project / "dist").exists()


def test_a_makefile_may_change_what_is_there_in_its_copy(build, project):
    """As emlearn's does, which patches a library that it uses."""
    makefile, header = project / "src" / "dynmodule.mk", project / "include" / "far.h"
    (project / "tools" / "patched.h").write_text("#define FAR 9\n")
    makefile.write_text(
        makefile.read_text()
        + "_ := $(shell cat ../../tools/patched.h >../../include/far.h; touch ../../include/made.h)\n"
    )
    patched = build(project / "src" / "counter")
    assert header.read_text() == OUTSIDE["include/far.h"]
    assert not (project / "include" / "made.h").exists()
    makefile.write_text(OUTSIDE["src/dynmodule.mk"])
    assert build(project / "src" / "counter").provenance.file_sha256 != patched.provenance.file_sha256
    header.write_text("#define FAR 9\n")
    assert build(project / "src" / "counter").provenance.file_sha256 == patched.provenance.file_sha256


def test_a_folder_in_which_a_script_looks_counts_by_its_names(build, project):
    folder = project / "src" / "counter"
    (project / "tools" / "facts.py").write_text(
        "import pathlib; print('-DFACT=%d' % len(list(pathlib.Path('../../package').iterdir())))\n"
    )
    first = build(folder)
    (project / "package" / "second.h").touch()
    assert build(folder).path != first.path


def test_a_header_in_a_python_package_counts(build, project, monkeypatch):
    """As those of emlearn: what Python programs read there is the environment's affair, headers are the module's."""
    monkeypatch.setattr(build_inputs, "_python_folders", lambda: iter([project / "package"]))
    first = build(project / "src" / "counter")
    (project / "package" / "package.h").write_text("#define PACKAGE 8\n")
    assert build(project / "src" / "counter").provenance.file_sha256 != first.provenance.file_sha256
    monkeypatch.setattr(sys, "prefix", str(project))
    assert build(project / "src" / "counter").path != first.path


def test_around_a_module_in_no_repository_little_is_copied(tmp_path):
    module = tmp_path / "home" / "src" / "module"
    module.mkdir(parents=True)
    for folder in (module, module.parent):
        for number in range(300):
            (folder / f"{number}.c").touch()
    mirror = Mirror(module, tmp_path / "copy")
    mirror.fill()
    links = {file.relative_to(mirror.root) for file in mirror.root.rglob("*.c") if file.is_symlink()}
    assert {link.parent for link in links} == {Path("src")}
    assert len(links) == 100
    assert len(list(mirror.root.rglob("*.c"))) == 600


def test_large_files_and_those_of_others_are_links(project, tmp_path):
    (project / "model.bin").write_bytes(bytes(2 << 20))
    (project / "link.h").symlink_to("include/far.h")
    mirror = Mirror(project / "src" / "counter", tmp_path / "copy")
    mirror.fill()
    assert (mirror.root / "model.bin").readlink() == project / "model.bin"
    assert (mirror.root / "link.h").read_text() == OUTSIDE["include/far.h"]
    copied = mirror.root / "include" / "far.h"
    assert not copied.is_symlink()
    assert copied.stat().st_mtime_ns == (project / "include" / "far.h").stat().st_mtime_ns
    assert mirror.original(copied) == project / "include" / "far.h"
    assert mirror.original(mirror.place / "build" / "counter.config.h") is None


def test_the_cache_may_lie_in_the_project(build, project, monkeypatch):
    (project / "cache").mkdir()
    place = project.parent / "plain"
    project.rename(place)
    monkeypatch.setenv(cache.ENVIRONMENT, str(place / "cache"))
    assert build(place / "src" / "counter").name == "counter"
