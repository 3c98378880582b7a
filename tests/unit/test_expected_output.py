"""How outputs of scripts are compared with what they are to be, and CPython's outputs."""

from __future__ import annotations

import pytest

from mpy_harness.board import expected_output
from mpy_harness.board.expected_output import CPythonOutputs, PythonScript, difference, file_beside, read_expected
from mpy_harness.errors import ScriptFailed


@pytest.fixture
def outputs(tmp_path, monkeypatch):
    monkeypatch.setenv("MPY_HARNESS_CACHE", str(tmp_path / "cache"))
    made = CPythonOutputs(2)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("expected", "printed"),
    [
        ("", ""),
        ("a\nb\n", "a\nb\n"),
        ("a\n########\nd\n", "a\nb\nc\nd\n"),
        ("a\n########\nb\n", "a\nb\n"),
        ("a\n########\n", "a\nb\nc\n"),
        ("########\nb\n########\n", "a\nb\nc\n"),
    ],
)
def test_equal(expected, printed):
    assert not difference(expected, printed)


@pytest.mark.parametrize(
    ("expected", "printed", "line"),
    [
        ("a\nb\n", "a\nc\n", "-b"),
        ("a\n", "a\nb\n", "+b"),
        ("a\n", "", "-a"),
        ("a\n", "a", "\\ the end of the last line differs"),
        ("a\n########\nd\n", "a\nb\nc\n", "-d"),
        ("a\n########\nd\n", "b\nd\n", "-a"),
    ],
)
def test_different(expected, printed, line):
    assert line in difference(expected, printed).splitlines()


def test_a_long_difference_is_cut():
    told = difference("", "x\n" * 100).splitlines()
    assert len(told) == 41
    assert told[-1] == "... and 63 lines more"


def test_files_beside(tmp_path):
    script = tmp_path / "a.py"
    assert file_beside(script) is None
    (tmp_path / "a.exp").write_text("two\r\n")
    assert file_beside(script) == tmp_path / "a.exp"
    assert read_expected(tmp_path / "a.exp") == "two\n"
    (tmp_path / "a.py.exp").write_text("one")
    assert file_beside(script) == tmp_path / "a.py.exp"
    assert read_expected(tmp_path / "a.py.exp") == "one"


def test_outputs_of_cpython_are_kept_by_content(tmp_path, outputs, monkeypatch):
    script, helper = tmp_path / "a.py", tmp_path / "helper.py"
    script.write_text("import helper, sys\nprint('é', helper.X, end='')\nprint('aside', file=sys.stderr)\n")
    helper.write_text("X = 1\n")
    both = PythonScript(script, (helper,))
    outputs.begin([both])
    assert outputs.of(both) == "é 1"

    def fail(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(expected_output, "_make", fail)
    assert CPythonOutputs(1).of(both) == "é 1"
    helper.write_text("X = 2\n")
    with pytest.raises(ZeroDivisionError):
        CPythonOutputs(1).of(both)


def test_a_script_that_cpython_cannot_run(tmp_path, outputs):
    script = tmp_path / "a.py"
    script.write_text("import micropython\n")
    with pytest.raises(ScriptFailed, match=r"(?s)CPython ended a\.py with status 1.*a\.py\.exp.*No module named"):
        outputs.of(PythonScript(script))


def test_a_script_that_is_gone(tmp_path, outputs):
    with pytest.raises(ScriptFailed, match=r"gone\.py cannot be read: No such file"):
        outputs.of(PythonScript(tmp_path / "gone.py"))
