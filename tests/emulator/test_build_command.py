"""The command ``build``: files named as package indexes have them, and how the compiler was called, for editors."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import uuid
from pathlib import Path

import pytest

from mpy_harness import architectures
from mpy_harness.errors import ToolMissing
from mpy_harness.firmware import mpyfile, toolchain
from mpy_harness.resources import natmods_dir
from tests.emulator.projects import mpy_harness

MODULE = """
#include "py/dynruntime.h"
#include "factor.h"
static mp_obj_t up(mp_obj_t x) { return mp_obj_new_int(FACTOR * mp_obj_get_int(x)); }
static MP_DEFINE_CONST_FUN_OBJ_1(up_obj, up);
mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    mp_store_global(MP_QSTR_up, MP_OBJ_FROM_PTR(&up_obj));
    MP_DYNRUNTIME_INIT_EXIT
}
"""
MAKEFILE = """
NAME ?= plain
MOD = times_$(NAME)
SRC = times.c
CFLAGS += -I$(abspath ../../include)
include $(MPY_DIR)/py/dynruntime.mk
named:
	$(MAKE) MOD=named all
"""


@pytest.fixture
def module(tmp_path: Path) -> Path:
    folder = tmp_path / "my project" / "src" / "times"
    folder.mkdir(parents=True)
    (folder / "times.c").write_text(MODULE)
    (folder / "Makefile").write_text(MAKEFILE)
    header = tmp_path / "my project" / "include" / "factor.h"
    header.parent.mkdir()
    header.write_text("#define FACTOR 3\n")
    return folder


def written(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


NEXT_OF_ITS_NAME = """#!/bin/sh
IFS=:
for folder in $PATH; do
    [ "$folder" = "${0%/*}" ] || [ ! -x "$folder/${0##*/}" ] || exec "$folder/${0##*/}" "$@"
done
"""


@pytest.fixture(params=["ccache", "another"])
def masquerade(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder with a program of the compiler's name that runs the next one of that name on PATH."""
    if request.param == "ccache":
        folder = Path("/usr/lib/ccache")
        if not (folder / "arm-none-eabi-gcc").exists():
            pytest.skip("ccache for arm-none-eabi-gcc is not installed; Debian: apt install ccache")
        return folder
    program = tmp_path / "masquerade" / "arm-none-eabi-gcc"
    program.parent.mkdir()
    program.write_text(NEXT_OF_ITS_NAME)
    program.chmod(0o755)
    return program.parent


def test_a_compiler_that_looks_for_the_next_of_its_name_builds(
    masquerade: Path, module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{masquerade}{os.pathsep}{os.environ['PATH']}")
    (module / "times.c").write_text(f"// {uuid.uuid4()}: nothing in the cache is this.\n{MODULE}")
    done = mpy_harness("build", module, "--arch", "armv7emsp", "-o", tmp_path / "dist", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = (tmp_path / "dist").rglob("*.mpy")
    assert mpyfile.inspect(built).native_modules


def test_files_are_named_as_package_indexes_have_them(tmp_path: Path) -> None:
    done = mpy_harness(
        "build", natmods_dir() / "iir", natmods_dir() / "fir", "--arch", "armv7emsp", "--arch", "armv6m",
        "-o", "dist", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    names = [f"{arch}_6.3/{name}.mpy" for arch in ("armv6m", "armv7emsp") for name in ("fir", "iir")]
    assert written(tmp_path / "dist") == names
    head, *rows = (line.split() for line in done.stdout.splitlines())
    assert head == ["text", "rodata", "bss", "file"]
    assert sorted(row[0] for row in rows) == names
    for name, *sizes in rows:
        file = tmp_path / "dist" / name
        found = mpyfile.inspect(file)
        assert found.abi.arch == name.partition("_")[0]
        text, rodata, bss, size = (int(each.replace(",", "")) for each in sizes)
        assert size == file.stat().st_size
        (native,) = found.native_modules
        assert (text + rodata, bss) == (len(native.text) + native.rodata, native.bss)


def test_without_an_architecture_it_is_all_whose_compilers_are_there(module: Path, tmp_path: Path) -> None:
    done = mpy_harness("build", module, "-o", "dist", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    built = {name.partition("_")[0] for name in written(tmp_path / "dist")}
    assert {"armv6m", "armv7m", "armv7emsp", "armv7emdp"} <= built
    for arch in set(architectures.buildable_arches()) - built:
        assert f"left out: {arch}: " in done.stderr
        with pytest.raises(ToolMissing):
            toolchain.toolchain_for(arch, "1.26.1")


def test_a_target_stands_for_its_architecture_and_variables_and_goal_are_makes(module: Path, tmp_path: Path) -> None:
    done = mpy_harness(
        "build", module, "NAME=other", "--target", "m33", "--target", "m4-stm32", "-o", ".", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "armv7emsp_6.3" / "times_other.mpy").is_file()
    done = mpy_harness("build", module, "--goal", "named", "--arch", "armv7m", "-o", "more", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert written(tmp_path / "more") == ["armv7m_6.3/named.mpy"]


def test_an_editor_compiles_the_users_files_as_the_build_did(module: Path, tmp_path: Path) -> None:
    """Twice: the second build comes from the cache, of another checkout."""
    for project in (module.parents[1], shutil.copytree(module.parents[1], tmp_path / "other")):
        folder = project / "src" / "times"
        done = mpy_harness(
            "build", folder, "--compile-commands", "--arch", "armv7emsp", "-o", tmp_path / "dist", cwd=project
        )
        assert done.returncode == 0, done.stderr
        (call,) = json.loads((project / "compile_commands.json").read_text())
        assert call["directory"] == str(folder)
        assert call["file"] == str(folder / "times.c")
        assert {"-mcpu=cortex-m4", "-Os", f"-I{project / 'include'}"} <= set(call["arguments"])
        assert "-g" not in call["arguments"]
        checked = subprocess.run(
            [*call["arguments"], "-fsyntax-only", "-H"],
            cwd=call["directory"], capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert checked.returncode == 0, checked.stderr
        assert f" {project / 'include' / 'factor.h'}\n" in checked.stderr
    assert not list(module.rglob("*.o"))


def test_what_does_not_build_is_said_and_the_rest_is_built(module: Path, tmp_path: Path) -> None:
    broken = shutil.copytree(module, module.parent / "broken")
    (broken / "times.c").write_text("#error not yet\n")
    done = mpy_harness("build", broken, module, "--arch", "armv7m", "-o", "dist", cwd=tmp_path)
    assert done.returncode == 1
    assert "mpy-harness: the native module" in done.stderr
    assert "#error not yet" in done.stderr
    assert written(tmp_path / "dist") == ["armv7m_6.3/times_plain.mpy"]
    done = mpy_harness("build", module, "NOBODY=1", "--arch", "armv7m", "-o", "dist", cwd=tmp_path)
    assert (done.returncode, "no makefile reads NOBODY." in done.stderr) == (1, True), done.stderr
    same = shutil.copytree(module, module.parent / "same")
    done = mpy_harness("build", same, module, "--arch", "armv7m", "-o", "dist", cwd=tmp_path)
    assert (done.returncode, "both make armv7m_6.3/times_plain.mpy" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["ARCH=armv6m"], "--arch chooses ARCH"),
        (["--arch", "armv6m", "--target", "m33"], "exclude each other"),
        (["--target", "m33", "--target", "m33@1.25.0"], "two releases for one architecture"),
    ],
)
def test_what_contradicts_itself_is_said(options: list[str], message: str, module: Path, tmp_path: Path) -> None:
    done = mpy_harness("build", module, *options, "-o", "dist", cwd=tmp_path)
    assert done.returncode == 2
    assert message in " ".join(done.stderr.replace("│", "").split())
    assert not (tmp_path / "dist").exists()


def test_a_module_gets_another_name(tmp_path: Path) -> None:
    arguments = ("--arch", "armv7emsp", "--name", "iir_again", "-o", "dist")
    done = mpy_harness("build", natmods_dir() / "iir", *arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert written(tmp_path / "dist") == ["armv7emsp_6.3/iir_again.mpy"]
    (tmp_path / "it.py").write_text("import iir_again; print(iir_again.new)")
    done = mpy_harness("run", "it.py", "--device-path=dist/armv7emsp_6.3", cwd=tmp_path)
    assert done.stdout.startswith("<function"), done.stderr
    for refused in (["iir", "fir", "--name", "one"], ["iir", "--name", "not-one"]):
        folders = [natmods_dir() / each if each in {"iir", "fir"} else each for each in refused]
        assert mpy_harness("build", *folders, "-o", "dist", cwd=tmp_path).returncode == 2
