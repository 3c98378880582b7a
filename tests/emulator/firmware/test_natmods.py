"""Native-module builds with MicroPython's own examples."""

from __future__ import annotations

import hashlib
import re
import shutil
import sys
from pathlib import Path

import pytest

from mpy_harness.errors import NatmodInvalid, ToolMissing
from mpy_harness.firmware import cache
from mpy_harness.firmware.natmods import build_natmod
from mpy_harness.resources import natmods_dir

OURS = sorted(path.name for path in natmods_dir().iterdir() if (path / "Makefile").is_file())


@pytest.fixture
def example(source, tmp_path) -> Path:
    """Return a copy of MicroPython's example features0, in a folder whose path has a blank."""
    folder = tmp_path / "my modules" / "features0"
    shutil.copytree(source.path / "examples/natmod/features0", folder)
    return folder


def append(file: Path, text: str) -> None:
    file.write_text(file.read_text() + text)


def test_an_example_builds_with_sizes_and_provenance(build, example):
    before = cache.hash_tree(example)
    built = build(example)
    content = built.path.read_bytes()
    assert (built.name, built.arch) == ("features0", "armv7emsp")
    assert content[:2] == b"M\x06"
    assert built.sizes["file"] == len(content)
    assert 0 < built.sizes["text"] < len(content)
    assert built.sizes.keys() == {"text", "rodata", "bss", "got", "file"}
    assert built.provenance.file_sha256 == hashlib.sha256(content).hexdigest()
    assert cache.hash_tree(example) == before


def test_the_same_inputs_are_built_once_and_a_changed_file_again(build, example):
    first = build(example)
    moment = first.path.stat().st_mtime_ns
    (example / "build").mkdir()
    (example / "build" / "left.o").write_text("")
    assert build(example) == first
    assert first.path.stat().st_mtime_ns == moment
    append(example / "features0.c", "// changed\n")
    assert build(example).path != first.path


def test_a_makefile_may_have_rules_above_the_one_it_includes(build, example):
    makefile = example / "Makefile"
    makefile.write_text("dist:\n\t@echo not this\n" + makefile.read_text())
    assert build(example).name == "features0"


def test_every_arch_has_a_build_of_its_own(build, example):
    built = {arch: build(example, arch) for arch in ("armv6m", "armv7m", "armv7emsp")}
    # .mpy: byte 2 holds the architecture in its upper six bits (tools/mpy-tool.py of MicroPython).
    assert len({module.path.read_bytes()[2] >> 2 for module in built.values()}) == 3


def test_what_the_compiler_says_is_shown(build, example):
    append(example / "features0.c", "int broken(void) { return undeclared; }\n")
    with pytest.raises(
        NatmodInvalid, match=r"(?s)features0 did not build for armv7emsp.*undeclared.*whole log: "
    ) as caught:
        build(example)
    assert "undeclared" in Path(str(caught.value).rpartition("whole log: ")[2]).read_text()


def test_the_first_of_many_errors_is_shown(build, example):
    append(example / "features0.c", "".join(f"int a{i} = b{i};\n" for i in range(20)))
    with pytest.raises(
        NatmodInvalid, match=r"(?s)for armv7emsp:\n  \S*features0\.c:\d+:\d+: error: .*b0.*more lines\)"
    ):
        build(example)


def test_a_package_that_the_makefile_wants_is_told_with_the_command_that_installs_it(build, example):
    makefile = example / "Makefile"
    makefile.write_text('HEADERS := $(shell python3 -c "import not_there.include")\n' + makefile.read_text())
    append(example / "features0.c", "#include <not_there.h>\n")
    with pytest.raises(NatmodInvalid, match=rf"{re.escape(sys.executable)} -m pip install not_there\n"):
        build(example)


def test_a_makefile_without_the_rules_is_explained(build, example):
    (example / "Makefile").write_text("MOD = features0\nSRC = features0.c\n")
    with pytest.raises(NatmodInvalid, match=r"Does the Makefile `include"):
        build(example)


def test_a_folder_without_makefile_is_explained(build, tmp_path):
    with pytest.raises(NatmodInvalid, match="is not a native module: it has no Makefile"):
        build(tmp_path)


def test_an_unknown_arch_is_explained(build, example):
    with pytest.raises(ToolMissing, match=r"cannot be built\. Known:"):
        build(example, "z80")


@pytest.mark.parametrize("name", OURS)
def test_our_modules_build_from_the_shared_cache(name, source):
    built = build_natmod(natmods_dir() / name, "armv7emsp", source=source, micropython=source.version)
    assert built.name == name
    assert built.sizes["text"] > 0


def test_a_submodule_that_is_not_there_is_named(build, source, example):
    with pytest.raises(
        NatmodInvalid, match=r"lib/berkeley-db-1\.xx of MicroPython, a git submodule.*--micropython PATH"
    ):
        build(source.path / "examples" / "natmod" / "btree")
    library = example.parent / "library"
    library.mkdir()
    makefile = (example / "Makefile").read_text()
    (example / "Makefile").write_text(makefile.replace("features0.c", "features0.c ../library/src/more.c"))
    with pytest.raises(NatmodInvalid, match=rf"There is nothing in {library}\. If it is a git submodule"):
        build(example)


def test_floats_that_an_architecture_does_not_have_are_explained(build, source):
    if shutil.which("riscv64-unknown-elf-gcc") is None:
        pytest.skip("the compiler of rv32imc is not installed")
    with pytest.raises(NatmodInvalid, match=r"`MICROPY_FLOAT_IMPL = float` in the Makefile, above its `include`"):
        build(source.path / "examples" / "natmod" / "features2", "rv32imc")
