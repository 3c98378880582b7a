"""The documentation's examples run as they are, and its links lead somewhere."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from mpy_harness.board import Board
from mpy_harness.cli.app import application
from mpy_harness.firmware.image import firmware_for
from mpy_harness.machines import kind_of
from mpy_harness.measurements.budget_file import BudgetFile
from mpy_harness.measurements.configuration import read_configuration
from mpy_harness.plugin.options import OPTIONS
from mpy_harness.resources import natmods_dir, targets_dir
from mpy_harness.targets import load_target
from tests.emulator.documented import (
    CONFTEST,
    ELSEWHERE,
    IN_A_TEST,
    IN_THE_GUEST,
    MODEL,
    PAGES,
    ROOT,
    Example,
    as_test,
    examples,
)
from tests.emulator.projects import run

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PYTHON = [example for example in examples("python") if example.key not in ELSEWHERE]
SETTINGS = [example for example in examples("toml") if example.key not in ELSEWHERE]
LINES = [
    (example, line.partition(" #")[0].strip())
    for example in examples("sh")
    for line in example.text.splitlines()
    if not line.startswith(("#", "…"))
]

#: Parts of a target's file, and the target that has them.
PARTS = {
    'docs/reference.md: emulator = "renode"': "renode-m33",
    "docs/counting-time.md: [cycles]": "m33",
    "docs/own-target.md: [qemu]": "m3",
    "docs/small-cores.md: [firmware]": "uno",
}
#: Files and folders that the commands name.
FILES = [
    "script.py",
    "fits.py",
    "SCRIPT",
    "firmware.elf",
    "run.json",
    "RUN",
    "BASE",
    "boards/manifest.py",
    "cmodules/x/micropython.mk",
]
FOLDERS = ["tests", "tests/unit", "src", "natmods/iir", "dist/armv7emsp_6.3", "cases/sums", "boards", "cmodules/x"]
#: Paths that look like ours: of users, and of QEMU.
NOT_OURS = (
    *("tests/requirements.txt", "tests/test_all.py", "tests/test_iir", "tests/test_bclibc"),
    *("cases/sums", "docs/devel/", "docs/en/", "examples/natmod", "natmods/ends", "natmods/envelope"),
)
#: Commands of others, which are not looked into.
OTHERS = {"pip", "podman", "pre-commit", "."}


def test_every_excuse_is_for_an_example() -> None:
    keys = {example.key for language in ("python", "toml") for example in examples(language)}
    assert [key for key in (*ELSEWHERE, *IN_A_TEST, *IN_THE_GUEST, *PARTS) if key not in keys] == []


def test_examples_in_python_run(project: pytest.Pytester) -> None:
    pytest.importorskip("scipy", reason="scipy is not installed: pip install scipy")
    for number, example in enumerate(PYTHON):
        name = re.sub(r"\W+", "_", example.page)
        (project.path / f"test_{name}_{number}.py").write_text(as_test(example), encoding="utf-8")
    (project.path / "conftest.py").write_text(CONFTEST)
    (main,) = (example.text for example in examples("c"))
    (project.path / "main.c").write_text(main)
    (project.path / "include").mkdir()
    (project.path / "include" / "model.h").write_text(MODEL)
    shutil.copytree(natmods_dir() / "iir", project.path / "src" / "myfilter")
    done = run(project, "--target", "m33")
    assert done.ret == 0
    assert done.parseoutcomes().keys() == {"passed"}


@pytest.mark.parametrize("example", SETTINGS, ids=lambda example: example.key)
def test_settings_are_read(example: Example, project: pytest.Pytester) -> None:
    table = tomllib.loads(example.text)
    if example.first_line == "# budgets.toml":
        (project.path / "budgets.toml").write_text(example.text, encoding="utf-8")
        assert BudgetFile.read(project.path / "budgets.toml").budgets
        return
    if "tool" not in table:
        folder = project.path / "mine"
        folder.mkdir()
        whole = example.text if example.key not in PARTS else replaced(PARTS[example.key], example.text, folder)
        (folder / "target.toml").write_text(whole, encoding="utf-8")
        assert kind_of(load_target("mine", project.path)).table is not None
        return
    project.makepyprojecttoml(example.text)
    for key in table["tool"].get("pytest", {}).get("ini_options", {}):
        assert key in {option.key for option in OPTIONS}
        assert project.parseconfig().getini(key)
    if "mpy-harness" in table["tool"]:
        told = read_configuration(project.path).model_dump(by_alias=True)
        assert {key: told[key] for key in table["tool"]["mpy-harness"]} == table["tool"]["mpy-harness"]


def replaced(target: str, part: str, folder: Path) -> str:
    """Return a target's file with a part in place of what the part says; files beside it are copied."""
    shutil.copytree(targets_dir() / target, folder, dirs_exist_ok=True)
    keys = tomllib.loads(part)
    head, *tables = re.split(r"^(?=\[)", (folder / "target.toml").read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = [line for line in head.splitlines(keepends=True) if line.partition(" =")[0] not in keys]
    ours, *theirs = re.split(r"^(?=\[)", part, maxsplit=1, flags=re.MULTILINE)
    kept = [each for each in tables if each.strip("[").partition("]")[0].partition(".")[0] not in keys]
    return "".join([*lines, ours, "\n", *kept, "\n", *theirs])


@pytest.mark.parametrize(("example", "line"), LINES, ids=lambda each: each if isinstance(each, str) else each.page)
def test_commands_exist(example: Example, line: str, project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    program, *words = shlex.split(line)
    for name in FOLDERS:
        (project.path / name).mkdir(parents=True)
    for name in FILES:
        (project.path / name).touch()
    if program == "mpy-harness":
        parse(words)
    elif program == "pytest":
        project.parseconfig(*words)
    elif program == "./bootstrap":
        assert f"./bootstrap {words[0]} " in (ROOT / "bootstrap").read_text()
    elif program == "ci/checks":
        assert set(words) <= set(re.findall(r'^all="(.*)"', (ROOT / program).read_text(), re.MULTILINE)[0].split())
    elif program == "python":
        assert (ROOT / words[0]).is_file() or words[0] in FILES
    else:
        assert program in OTHERS or (ROOT / program).is_file()


def parse(words: list[str]) -> None:
    """Take a command line as far as its options and arguments are understood, the command itself left out."""
    command: Any = get_command(application())  # Typer brings a click of its own
    name = "mpy-harness"
    while hasattr(command, "resolve_command"):
        context = command.make_context(name, words)
        found, inner, words = command.resolve_command(context, [*context._protected_args, *context.args])
        assert inner is not None, found
        name, command = str(found), inner
    command.make_context(name, words)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "machine"),
    [("docs/reference.md", "mps2-an505 with Cortex-M33"), ("docs/own-target.md", "mps2-an386 with cortex-m4")],
)
def test_the_targets_of_the_pages_build_and_boot(
    page: str, machine: str, make_board: Callable[..., Board], tmp_path: Path
) -> None:
    example = next(example for example in SETTINGS if example.page == page)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "target.toml").write_text(example.text, encoding="utf-8")
    target = load_target("mine", tmp_path)
    board = make_board(target=target, image=firmware_for(target).elf)
    assert board.eval("__import__('sys').implementation._machine") == machine
    assert board.call("lambda x: x * 1.5", 3.0) == 4.5
    assert target.window is not None
    assert board.machine.window is not None
    assert board.machine.window.address == target.window.address
    assert board.call("len", bytes(100_000)) == 100_000


def test_links_lead_somewhere() -> None:
    broken = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in [*PAGES, ROOT / "CHANGELOG.md"]
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if not (page.parent / link).exists()
    ]
    assert not broken


def test_paths_lead_somewhere() -> None:
    """Those of ours, in pages and in comments: what begins with one of our folders is there."""
    package = ROOT / "harness" / "mpy_harness"
    ours = {folder.name for base in (ROOT, package) for folder in base.iterdir() if folder.is_dir()}
    sources = [file for file in package.rglob("*") if file.suffix in {".py", ".c", ".h"}]
    broken = [
        f"{file.relative_to(ROOT)}: {path}"
        for file in [*PAGES, *sources]
        for path in re.findall(r"(?<![\w/.<-])\w[\w-]*/[\w./-]*\w", file.read_text(encoding="utf-8"))
        if path.partition("/")[0] in ours
        and not path.startswith(NOT_OURS)
        and not any((base / path).exists() for base in (ROOT, package, file.parent))
    ]
    assert not broken
