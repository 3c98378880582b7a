"""Kinds of machine from outside of the package: by the hook of a conftest.py, and by a package's entry point."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.emulator.projects import mpy_harness, run, write
from tests.pseudo_terminals import pseudo_terminal

PAGE = (Path(__file__).parents[2] / "docs" / "machines.md").read_text(encoding="utf-8")
CONFTEST, TARGET = (re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[0] for language in ("python", "toml"))

# The same machine with its console on a pseudo-terminal.
ON_A_TERMINAL = """
import os
import tty


class OnTerminal(Piped):
    def __init__(self, command):
        ours, its = os.openpty()
        tty.setraw(its)
        self.file = open(ours, "r+b", buffering=0)
        self.process = subprocess.Popen([*command, "-serial", os.ttyname(its)], stdin=its)  # which keeps it open
        os.close(its)
        self.console = DescriptorStream(self.file)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.file.close()


class OnTerminalKind(PipedKind):
    def start(self, image, instrument=None, storage=None):
        options = ["-machine", self.table.machine, "-kernel", image, "-no-reboot"]
        return OnTerminal([self.find(), *options, "-display", "none", "-monitor", "none"])


def pytest_mpy_harness_machines():
    return {"piped": OnTerminalKind}
"""

TESTS = """
import numpy as np
import pytest

from mpy_harness.errors import CountingUnavailable, EmulatorRefused, GuestFault, GuestReset, NativeLoop


def test_values_and_modules(board, natmod, golden):
    assert type(board.machine).__name__ == {machine!r}
    assert board.exec("print('hello')") == "hello\\n"
    numbers = np.linspace(-1, 1, 50, dtype=np.float32)
    assert np.array_equal(board.call("lambda a: a", numbers), numbers)
    assert natmod("iir").build.arch == "armv7emsp"
    golden.check(board.eval("2 ** 0.5"), 2 ** 0.5, case="root", metric="max_abs", limit=1e-6)
    board.hard_reset()
    assert board.eval("6 * 7") == 42


def test_what_it_does_not_offer(board):
    with pytest.raises(CountingUnavailable, match="runs in qemu-system-arm: it counts no instructions"):
        with board.count():
            pass
    with pytest.raises(EmulatorRefused, match="takes no commands, so 'info registers' was not run"):
        board.machine.execute("info registers")


def test_a_fault(board):
    with pytest.raises(GuestFault, match="pc is in"):
        board.exec("import uctypes; print(uctypes.bytearray_at(0xF0000000, 4)[0])")


def test_a_reset(board):
    with pytest.raises(GuestReset):
        board.exec("import machine; machine.reset()")


def test_a_loop(board):
    with pytest.raises(NativeLoop):
        board.exec('''
            while True:
                try:
                    while True:
                        pass
                except KeyboardInterrupt:
                    pass
        ''', timeout=2)
"""


CASE = """
def test_one(board, golden):
    golden.check(board.eval("2 ** 0.5"), 2 ** 0.5, case="root", metric="max_abs", limit=1e-6)
"""


def add_target(folder: Path, name: str = "piped") -> str:
    (folder / "mine-m33").mkdir()
    (folder / "mine-m33" / "target.toml").write_text(TARGET.replace("piped", name), encoding="utf-8")
    return "./mine-m33"


@pytest.mark.parametrize(("more", "machine"), [("", "Piped"), (ON_A_TERMINAL, "OnTerminal")], ids=["pipes", "terminal"])
def test_a_kind_of_a_conftest_runs_tests(project, nothing_left, more, machine):
    if more:
        for end in pseudo_terminal():
            os.close(end)
    # In a folder below the one where pytest begins.
    write(project, below__conftest=CONFTEST + more, below__test_it=TESTS.format(machine=machine))
    result = run(project, "--target", add_target(project.path))
    result.assert_outcomes(passed=5)


def test_one_in_several_processes(project, nothing_left):
    pytest.importorskip("xdist", reason="pytest-xdist is not installed: pip install pytest-xdist")
    write(project, conftest=CONFTEST, test_it=CASE)
    result = run(project, "--target", add_target(project.path), "-n", "1", "--measurements", "run.json")
    result.assert_outcomes(passed=1)
    assert "QEMU emulator version" in (project.path / "run.json").read_text(encoding="utf-8")


def test_a_name_that_nobody_has(project):
    write(project, conftest=CONFTEST, test_it="def test_one(board): pass\n")
    result = run(project, "--target", add_target(project.path, "another"))
    result.assert_outcomes(errors=1)
    out = result.stdout.str()
    assert "there is no kind of machine 'another', only espressif, piped, qemu, renode, rp2040js, serial, unix." in out
    assert "mine-m33/target.toml" in out


def test_a_table_that_is_wrong(project):
    write(project, conftest=CONFTEST, test_it="def test_one(board): pass\n")
    target = add_target(project.path)
    file = project.path / target / "target.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("machine =", "machin ="), encoding="utf-8")
    result = run(project, "--target", target)
    assert "piped.machin: unknown key" in result.stdout.str()


@pytest.fixture
def installed(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with the page's kind, as pip leaves it in a folder of the import path; commands find it there."""
    site = project.path / "site"
    (site / "piping-1.0.dist-info").mkdir(parents=True)
    (site / "piping.py").write_text(CONFTEST, encoding="utf-8")
    (site / "piping-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: piping\nVersion: 1.0\n")
    entries = ["piped = piping:PipedKind", "missing = piping:Missing", "table = piping:PipedTable"]
    text = "\n".join(["[mpy_harness.machines]", *entries, ""])
    (site / "piping-1.0.dist-info" / "entry_points.txt").write_text(text)
    monkeypatch.setenv("PYTHONPATH", f"{site}{os.pathsep}{os.environ.get('PYTHONPATH', '')}".rstrip(os.pathsep))
    return site


def test_a_kind_of_a_package_runs_commands_and_tests(installed, project, nothing_left):
    target = add_target(project.path)
    (project.path / "script.py").write_text("import sys\nprint('in', sys.platform)\nsys.exit(3)\n")
    done = mpy_harness("run", "--target", target, "script.py", cwd=project.path)
    assert (done.returncode, done.stdout) == (3, "in qemu\n"), done.stderr
    write(project, test_it="def test_one(board): assert type(board.machine).__module__ == 'piping'\n")
    run(project, "--target", target).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing", "the kind of machine 'missing' cannot be loaded from piping:Missing: AttributeError"),
        ("table", "<class 'piping.PipedTable'> is no class derived from mpy_harness.machines.MachineKind"),
        (
            "another",
            "no kind of machine 'another', only espressif, missing, piped, qemu, renode, rp2040js, serial, table, unix",
        ),
    ],
)
def test_a_package_that_is_wrong(installed, project, name, said):
    (project.path / "script.py").write_text("print()\n")
    done = mpy_harness("run", "--target", add_target(project.path, name), "script.py", cwd=project.path)
    assert done.returncode == 2
    assert said in done.stderr
