"""Values of our options are no paths of tests: another project's configuration is not this run's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests import warm

# What happens to whoever takes it for the configuration.
OTHER = '[tool.pytest.ini_options]\naddopts = "--an-option-that-nobody-has"\n'
CONFTEST = 'import pathlib\nwith (pathlib.Path(__file__).parent / "loaded").open("a") as file:\n    file.write("x")\n'
TEST = (
    "def test_it(pytestconfig):\n    print('root', pytestconfig.rootpath, 'file', pytestconfig.inipath)\n    assert 0\n"
)


@pytest.fixture
def ours(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two projects, the current folder in ours."""
    for name in [name for name in os.environ if name.startswith("PYTEST_XDIST")]:
        monkeypatch.delenv(name)
    ours, other = pytester.path / "ours", pytester.path / "other"
    for folder in (ours / "tests", other / "lib" / "main", other / "save"):
        folder.mkdir(parents=True)
    (ours / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    (ours / "conftest.py").write_text(CONFTEST)
    (ours / "tests" / "test_it.py").write_text(TEST)
    (other / "pyproject.toml").write_text(OTHER)
    (other / "conftest.py").write_text("raise RuntimeError('the conftest.py of the other project')\n")
    (other / "lib" / "test_script.py").write_text("print(1)\n")
    monkeypatch.chdir(ours)
    return ours


def run(pytester: pytest.Pytester, *words: str) -> pytest.RunResult:
    return warm.run_pytest(pytester, "-p", "no:cacheprovider", "-rA", *words)


@pytest.mark.parametrize(
    "line",
    [
        "--device-path ../other/lib",
        "tests --device-path ../other/lib",
        "tests/test_it.py::test_it --device-path ../other/lib --device-path ../other",
        "--natmods ../other/lib",
        "--firmware ../other/pyproject.toml",
        "--measurements ../other/lib/figures.json --natmods ../other/lib",
        "--baseline save ../other/lib",
    ],
)
def test_the_configuration_is_that_of_the_own_project(line, ours, pytester):
    done = run(pytester, *line.split())
    if "--baseline" not in line:  # such a name is refused, after all
        done.stdout.fnmatch_lines([f"root {ours} file {ours}/pyproject.toml"])
        assert done.ret == pytest.ExitCode.TESTS_FAILED
    assert "an-option-that-nobody-has" not in done.stdout.str() + done.stderr.str()
    assert (ours / "loaded").read_text() == "x"


def test_a_flag_takes_no_word(ours, pytester):
    done = run(pytester, "--memcheck", "-k", "test", "--device-path", "../other/lib")
    done.stdout.fnmatch_lines([f"root {ours} file {ours}/pyproject.toml"])


@pytest.mark.parametrize("words", [("--device-path", "../other/lib"), ("--device-path=../other/lib",)])
def test_with_xdist(words, ours, pytester):
    pytest.importorskip("xdist")
    done = run(pytester, *words, "-n", "1")
    done.stdout.fnmatch_lines([f"root {ours} file {ours}/pyproject.toml"])
    done.assert_outcomes(failed=1)


def test_scripts_of_another_project(ours, pytester):
    done = run(pytester, "--device-scripts", "../other/lib/test_script.py", "--collect-only", "--noconftest")
    done.stdout.fnmatch_lines([f"rootdir: {ours}", "configfile: pyproject.toml", "*test_script.py*"])
    assert done.ret == 0


@pytest.mark.parametrize("words", [("--device-path", "tests"), ("tests", "--device-path", "../ours/tests")])
def test_without_a_configuration_the_root_is_where_pytest_was_called(words, ours, pytester):
    (ours / "pyproject.toml").unlink()
    plain = run(pytester, *[word for word in words if word == "tests" and words[0] == "tests"])
    done = run(pytester, *words)
    assert root(done) == root(plain)


def root(done: pytest.RunResult) -> list[str]:
    return [line for line in done.stdout.lines if line.startswith("rootdir: ")]


def test_the_options_of_the_environment(ours, pytester, monkeypatch):
    monkeypatch.setenv("PYTEST_ADDOPTS", "--device-path ../other/lib")
    run(pytester).stdout.fnmatch_lines([f"root {ours} file {ours}/pyproject.toml"])


def test_what_pytest_itself_prints(ours, pytester):
    done = run(pytester, "--device-path", "../other/lib", "--markers")
    assert done.ret == 0
    assert sum(line.startswith("@pytest.mark.counting") for line in done.stdout.lines) == 1
