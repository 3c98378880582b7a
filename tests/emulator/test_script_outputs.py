"""Device scripts whose output is their verdict: compared with a file, or with CPython's."""

from __future__ import annotations

import shlex

from tests.emulator.projects import run, section, write

FILES = {
    "file.py": "print('one')\nprint(2)\n",
    "file.py.exp": "one\n2\n",
    "short.py": "def test_x(): pass\nprint('one')\n",
    "short.exp": "one\r\n",
    "wrong.py": "print('one')\nprint('three')\n",
    "wrong.py.exp": "one\ntwo\n",
    "skip.py": "print('SKIP')\nraise SystemExit\n",
    "skip.py.exp": "something\n",
    "same.py": "def test_x(value): print(value)\ntest_x(2 ** 100)\n",
    "differs.py": "import sys\nprint(sys.implementation.name)\n",
    "error.py": "raise ValueError('of the guest')\n",
    "only_here.py": "import micropython\nprint(1)\n",
    "cases.py": """
from unittest import TestCase
class TestX(TestCase):
    def test_a(self): pass
    def test_b(self): self.fail()
""",
    "helper.txt": "",
}


def test_outputs(project):
    for name, text in FILES.items():
        (project.path / name).write_text(text, newline="")
    options = ["--device-scripts", ".", "--device-pattern", "[!t]*.py", "--device-expected", "cpython"]
    result = run(project, "-rA", *options)
    result.assert_outcomes(passed=4, failed=5, skipped=1)
    out = result.stdout.str()
    for words in (
        "PASSED file.py::script[m33]",
        "PASSED short.py::script[m33]",
        "PASSED same.py::script[m33]",
        "PASSED cases.py::TestX::test_a[m33]",
        "FAILED cases.py::TestX::test_b[m33]",
        "wrong.py did not print what it is to print (wrong.py.exp):",
        "\n-two\n+three\n",
        "differs.py did not print what it is to print (CPython's output):",
        "\n-cpython\n+micropython\n",
        "GuestException: ValueError: of the guest",
        "CPython ended only_here.py with status 1",
    ):
        assert words in out
    assert "is no test" not in out


def test_without_the_option_only_files_are_compared(project):
    write(project, test_a="import sys\nprint(sys.implementation.name)\n", test_b="print(1)\n")
    (project.path / "test_b.exp").write_text("2\n")
    run(project, "--device-scripts", ".").assert_outcomes(passed=1, failed=1)


def test_one_of_many_is_run_again_alone(project):
    names = [f"a{number}.py" for number in range(5)]
    for name in names:
        (project.path / name).write_text(f"assert {name!r} != 'a3.py'\n")
    options = [word for name in names for word in ("--device-scripts", name)]
    result = run(project, *options, "--board-timeout", "20")
    result.assert_outcomes(passed=4, failed=1)
    (command,) = section(result, "run it again")
    assert command == "pytest 'a3.py::script[m33]' --board-timeout 20 --device-scripts a3.py"
    run(project, *shlex.split(command)[1:]).assert_outcomes(failed=1)


def test_what_can_be_expected(project):
    result = run(project, "--device-expected", "pypy")
    assert "--device-expected wants cpython, not 'pypy'" in result.stderr.str()
