"""What a script imports, read from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mpy_harness.board.imports import Imports, imports_of, parse


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A project: scripts in `tests`, libraries in `lib`, native modules in `natmods`, and a current folder."""
    for file in (
        "natmods/iir/Makefile", "natmods/iir/iir.c", "natmods/fir/Makefile", "natmods/fft/Makefile",
        "natmods/done.mpy", "natmods/plain.py", "natmods/iir.mpy", "natmods/notes/readme.txt", "natmods/empty/x.c",
        "lib/library.mpy", "lib/pack/__init__.py", "lib/pack/inner.py", "lib/pack/deep/__init__.mpy",
        "lib/pack/deep/well.mpy", "lib/spaces/one.py", "here.mpy",
    ):  # fmt: skip
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    (tmp_path / "tests").mkdir()
    return tmp_path


def imported(place: Path, text: str | bytes) -> tuple[list[str], list[str]]:
    script = place / "tests" / "script.py"
    script.write_bytes(text if isinstance(text, bytes) else text.encode())
    first, natmods = (place / "tests", place / "lib"), (place / "natmods",)
    found = imports_of(script, first, natmods, (place,))
    assert all(found.natmods[name] == place / "natmods" / name for name in found.natmods)
    return sorted(found.natmods), sorted(str(file.relative_to(place)) for file in found.files)


@pytest.mark.parametrize(
    ("text", "natmods", "files"),
    [
        ("", [], []),
        ("import iir", ["iir"], []),
        ("import sys, iir as it, fir", ["fir", "iir"], []),
        ("from iir import new", ["iir"], []),
        ("from iir import *", ["iir"], []),
        ("def f():\n try:\n  import iir\n except ImportError:\n  import fft\n", ["fft", "iir"], []),
        ("import notes, empty, nothing, natmods", [], []),
        ("from . import iir", [], []),
        ("from .iir import new", [], []),
        ("import iir.sub", ["iir"], []),
        ("import done", [], ["natmods/done.mpy"]),
        ("import library, here", [], ["here.mpy", "lib/library.mpy"]),
        ("import pack.deep.well", [], ["lib/pack/deep/__init__.mpy", "lib/pack/deep/well.mpy"]),
        ("from pack.deep import well", [], ["lib/pack/deep/__init__.mpy", "lib/pack/deep/well.mpy"]),
        ("from pack import deep", [], ["lib/pack/deep/__init__.mpy"]),
        ("import iir; pattern = '\\d'", ["iir"], []),
        ("import iir\nthis isnt Python", [], []),
        (b"import iir\n\0", [], []),
        (b"# coding: nothing\nimport iir", [], []),
    ],
)
def test_names(place, text, natmods, files):
    assert imported(place, text) == (natmods, files)


def test_files_that_are_imported_are_read_as_well(place):
    (place / "tests" / "near.py").write_text("import plain, script\n")
    (place / "natmods" / "plain.py").write_text("import pack.inner\n")
    (place / "lib" / "pack" / "__init__.py").write_text("import fft\n")
    (place / "lib" / "pack" / "inner.py").write_text("from iir import new\nimport near, library, spaces.one\n")
    (place / "lib" / "spaces" / "one.py").write_text("import done\n")
    assert imported(place, "import near\n") == (["fft", "iir"], ["lib/library.mpy", "natmods/done.mpy"])


@pytest.mark.parametrize(
    ("shadow", "natmods"),
    [
        ("tests/iir.py", []),
        ("tests/iir.mpy", []),
        ("lib/iir.py", []),
        ("tests/iir/__init__.py", []),
        ("lib/iir/part.py", []),
        ("tests/iir/data.csv", ["iir"]),
        ("tests/iir/Makefile", ["iir"]),
        ("iir.py", ["iir"]),
        ("iir/__init__.py", ["iir"]),
    ],
)
def test_what_the_scripts_folder_and_the_device_path_have_is_not_built(place, shadow, natmods):
    (place / shadow).parent.mkdir(exist_ok=True)
    (place / shadow).write_text("")
    assert imported(place, "import iir\n")[0] == natmods


def test_a_folder_of_sources_is_no_package_for_the_python_beside_them(place):
    (place / "tests" / "iir").mkdir()
    for name in ("Makefile", "iir_python.py"):
        (place / "tests" / "iir" / name).write_text("import fir\n")
    assert imported(place, "import iir\n")[0] == ["iir"]


def test_the_first_folder_of_native_modules_wins(place):
    (place / "more" / "iir").mkdir(parents=True)
    (place / "more" / "iir" / "Makefile").write_text("")
    script = place / "tests" / "script.py"
    script.write_text("import iir, fir\n")
    folders = (place / "more", place / "natmods")
    assert imports_of(script, (), folders, ()) == Imports(
        {"iir": place / "more" / "iir", "fir": place / "natmods" / "fir"}, names={"iir", "fir"}
    )


def test_a_script_that_cannot_be_read(place):
    assert parse(place / "nothing.py") is None
    assert imports_of(place / "nothing.py", (), (place / "natmods",), ()) == Imports()
    (place / "deep.py").write_text("x = " + "(" * 5000 + ")" * 5000)
    assert parse(place / "deep.py") is None
