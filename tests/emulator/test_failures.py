"""What a user reads when something of theirs, or of the machine, is wrong: the message, none of our own frames."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from mpy_harness.firmware import cache
from mpy_harness.resources import targets_dir
from tests import warm


@pytest.fixture
def project(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    root = cache.cache_root()  # before pytester makes HOME another
    pytester: pytest.Pytester = request.getfixturevalue("pytester")
    monkeypatch.setenv(cache.ENVIRONMENT, str(root))
    for name in [name for name in os.environ if name.startswith("PYTEST_XDIST")]:
        monkeypatch.delenv(name)
    pytester.makeini("[pytest]\n")
    return pytester


def natmod(project: pytest.Pytester, source: str) -> None:
    folder = project.mkdir("broken")
    (folder / "Makefile").write_text("MOD = broken\nSRC = broken.c\ninclude $(MPY_DIR)/py/dynruntime.mk\n")
    (folder / "broken.c").write_text(source)


def failure(project: pytest.Pytester, *arguments: str) -> str:
    result = warm.run_pytest(project, "-p", "no:cacheprovider", *arguments)
    assert result.ret == 1
    return result.stdout.str()


def assert_nothing_of_ours(text: str) -> None:
    assert not re.search(r"mpy_harness/\S+\.py", text), text
    assert "direct cause" not in text
    assert "During handling" not in text


def test_a_module_that_does_not_compile(project):
    natmod(project, "int broken(void) { return undeclared; }\n")
    project.makepyfile(test_it="def test_it(natmod):\n    natmod('./broken')\n")
    text = failure(project)
    assert "undeclared" in text
    assert "natmod('./broken')" in text
    assert_nothing_of_ours(text)


def test_a_file_that_is_not_there(project):
    project.makepyfile(test_it="def test_it(board):\n    board.import_native('absent.mpy')\n")
    text = failure(project)
    assert "absent.mpy cannot be read" in text
    assert_nothing_of_ours(text)


def test_the_whole_story_on_request(project):
    project.makepyfile(test_it="def test_it(board):\n    board.import_native('absent.mpy')\n")
    assert re.search(r"mpy_harness/\S+\.py", failure(project, "--full-trace"))


def test_what_a_test_raises_while_it_handles_one_of_ours(project):
    project.makepyfile(
        test_it="""
def test_it(board):
    try:
        board.eval("1 // 0")
    except Exception:
        raise ValueError("so it is")
"""
    )
    text = failure(project)
    assert "ZeroDivisionError" in text
    assert "so it is" in text
    assert not re.search(r"mpy_harness/\S+\.py", text), text


def test_a_fixture_that_fails_says_just_why(project, monkeypatch, tmp_path: Path):
    (tmp_path / "occupied").write_text("")
    monkeypatch.setenv(cache.ENVIRONMENT, str(tmp_path / "occupied"))
    project.makepyfile(test_it="def test_it(board):\n    pass\n")
    text = failure(project)
    assert "\nMachineryError: the cache folder" in text
    assert "site-packages" not in text
    assert_nothing_of_ours(text)


def test_device_scripts_are_selected_by_name(project):
    project.makepyfile(test_guest="def test_one():\n    pass\n\n\ndef test_two():\n    assert False\n")
    result = project.runpytest_subprocess("--device-scripts", ".", "-k", "one", timeout=120)
    result.assert_outcomes(passed=1, deselected=1)


def test_without_pytests_terminal_plugin(project):
    project.makepyfile(test_it="def test_good(board):\n    pass\n\n\ndef test_bad(board):\n    assert False\n")
    result = project.runpytest_subprocess("-p", "no:terminal", "--junitxml=results.xml", timeout=120)
    assert (result.ret, result.stderr.str()) == (1, "")
    assert 'tests="2"' in (project.path / "results.xml").read_text()


def test_a_module_with_a_slip_of_the_pen_in_its_name(project):
    natmod(project, "")
    project.makepyfile(test_it="def test_it(natmod):\n    natmod('brokne')\n")
    text = failure(project, "--natmods", ".")
    assert "NatmodInvalid: there is no native module 'brokne', did you mean 'broken'?" in text
    assert f"looked for {project.path / 'brokne'}" in text


def test_a_module_below_the_root_folder_is_found_from_anywhere(project, monkeypatch):
    natmod(project, "int broken(void) { return undeclared; }\n")
    project.makepyfile(**{"sub/test_it": "def test_it(natmod):\n    natmod('./broken')\n"})
    monkeypatch.chdir(project.path / "sub")
    assert "undeclared" in failure(project)


def test_paths_in_the_configuration_are_relative_to_its_file(project, monkeypatch):
    shutil.copytree(targets_dir() / "m33", project.path / "boards" / "m33")
    project.makeini("[pytest]\nmpy_targets = boards/m33\nmpy_micropython = nowhere\n")
    project.makepyfile(**{"sub/test_it": "def test_it(target):\n    assert target.folder.parent.name == 'boards'\n"})
    monkeypatch.chdir(project.path / "sub")
    result = project.runpytest_subprocess(timeout=120)
    assert f"--micropython: there is no {project.path / 'nowhere'}" in result.stderr.str()
    project.makeini("[pytest]\nmpy_targets = boards/m33\n")
    project.runpytest_subprocess(timeout=120).assert_outcomes(passed=1)


def test_what_was_not_tested_is_said_without_being_asked(project):
    folder = project.path / "boards" / "mine"
    shutil.copytree(targets_dir() / "m33", folder)
    description = folder / "target.toml"
    description.write_text(description.read_text().replace("[firmware]", '[firmware]\ncross = "absent-"'))
    project.makeini("[pytest]\nmpy_targets = boards/mine\nmpy_may_be_absent = mine\n")
    project.makepyfile(test_it="def test_one(board): pass\ndef test_two(natmod): pass\n")
    result = project.runpytest_subprocess("-q", timeout=120)
    result.assert_outcomes(skipped=2)
    result.stdout.fnmatch_lines(
        ["* not tested *", "2 skipped: target mine: absent-gcc is not installed*", "*--target NAME*"]
    )


def test_where_logs_cannot_be_written_they_go_elsewhere(project):
    (project.path / ".mpy-harness").write_text("in the way")
    project.makepyfile(test_it="def test_good(board): pass\ndef test_bad(board): assert False\n")
    result = project.runpytest_subprocess("-k", "good", timeout=120)
    result.assert_outcomes(passed=1, deselected=1)
    text = failure(project)
    told = re.search(r"- console log -+\n(.*)\n", text)
    assert told is not None, text
    log = Path(told[1])
    assert "test_it.py::test_bad" in log.read_text()
    shutil.rmtree(log.parent.parent)


def test_device_scripts_that_failed_last_are_run_again(project):
    project.makepyfile(test_guest="def test_one():\n    pass\n\n\ndef test_two():\n    assert False\n")
    project.runpytest_subprocess("--device-scripts", ".", timeout=120).assert_outcomes(passed=1, failed=1)
    project.runpytest_subprocess("--device-scripts", ".", "--lf", timeout=120).assert_outcomes(failed=1)
