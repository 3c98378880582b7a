"""An image of somebody else, given on the command line: MicroPython's own for MPS2 AN385."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mpy_harness.board import Board
from mpy_harness.board.pool import BoardPool
from mpy_harness.counting import plugin
from mpy_harness.errors import FirmwareSilent, MemcheckUnavailable
from mpy_harness.firmware import cache, toolchain
from mpy_harness.firmware.mpy_cross import mpy_cross
from mpy_harness.firmware.sources import Source
from mpy_harness.machines.kinds import with_options
from mpy_harness.resources import natmods_dir
from mpy_harness.targets import load_target
from tests.emulator.projects import mpy_harness, run, write
from tests.memcheck.corpus import judge, planted

pytestmark = pytest.mark.slow
_BUILD_SECONDS = 300.0

CROSS = "arm-none-eabi-"
WORKS = """
import numpy as np
import pytest

def test_values(board):
    assert board.call("len", np.ones(1000, np.float32)) == 1000
    assert board.machine.window is not None

def test_a_native_module(board, natmod):
    natmod("iir")
    board.exec("from array import array\\nimport iir\\nx = array('f', [1])")
    board.exec("iir.new(array('f', [2, 0, 0, 1, 0, 0])).run(x)")
    assert board.eval("x[0]") == 2

@pytest.mark.counting("functions")
def test_counts(board):
    with board.count("list") as count:
        board.exec("x = list(range(100))")
    assert "mp_execute_bytecode" in {cost.function.name for cost in count.profile.functions()}

def test_resets(board):
    board.exec("import sys; kept = 1")
    board.soft_reset()
    assert board.eval("'kept' in globals()") is False
"""
LOST = """
from mpy_harness.errors import GuestException, MemoryUnwatched, NativeLoop
import pytest

def test_allocations(board):
    with pytest.raises(MemoryUnwatched), board.allocations("x"):
        board.exec("pass")

def test_a_fault(board):
    with pytest.raises(NativeLoop, match="in exception_handler"):
        board.exec("import machine; machine.mem32[0xf0000000]", timeout=3)
    assert "HardFault exception caught" in board.console.tail(20)

def test_an_endless_loop(board):
    with pytest.raises(NativeLoop, match="did not react to Ctrl-C"):
        board.exec("while True: pass", timeout=1)

def test_time(board):
    with pytest.raises(GuestException, match="no module named 'time'"):
        board.exec("import time")
"""


@pytest.fixture(scope="module")
def image(source: Source) -> Path:
    """Return what ``make BOARD=MPS2_AN385`` leaves; frozen modules need submodules, so it has none.

    It is kept in the cache, where the other processes of this run find it.
    """

    def build(to: Path) -> None:
        tree = to / "micropython"
        shutil.copytree(source.path, tree)
        env = toolchain.make_wrappers(to / "tools", source.version, CROSS)
        words = {"BOARD": "MPS2_AN385", "FROZEN_MANIFEST": "", "MICROPY_MPYCROSS": str(to / "tools" / "mpy-cross")}
        log = to / "log"
        failure = toolchain.make(tree / "ports" / "qemu", words, env=env, log=log, timeout=_BUILD_SECONDS)
        assert failure is None, failure
        shutil.copy(tree / "ports" / "qemu" / "build-MPS2_AN385" / "firmware.elf", to)
        shutil.rmtree(tree)

    mpy_cross(source.version)
    facts = [str(source.path), *toolchain.toolchain(CROSS, source.version).facts().values()]
    return cache.build_once("upstream", f"MPS2_AN385-{cache.digest(facts)}", build) / "firmware.elf"


def test_it_runs_as_the_page_says(image, project):
    shutil.copytree(natmods_dir() / "iir", project.path / "natmods" / "iir")
    write(project, test_works=WORKS, test_lost=LOST)
    options = ("--target", "m3", "--firmware", str(image), "--emulator-host-options=-semihosting")
    done = run(project, *options)
    done.assert_outcomes(passed=8)


def test_its_command_lines(image, tmp_path):
    (tmp_path / "script.py").write_text("import sys\nprint(sys.implementation._build)\nsys.exit(3)\n")
    options = ("run", "script.py", "--target", "m3", "--firmware", image)
    allowed = mpy_harness(*options, "--emulator-host-options=-semihosting", cwd=tmp_path)
    assert (allowed.returncode, allowed.stdout) == (3, "MPS2_AN385\n")
    refused = mpy_harness(*options, "--emulator-options=-semihosting", cwd=tmp_path)
    assert refused.returncode == 2
    assert "-semihosting lets the guest read, write and delete files of the host" in refused.stderr


@pytest.fixture(scope="module")
def watched(image: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    """Return a board with that image, of which the memory checker has nothing but the symbols."""
    target = with_options(load_target("m3"), [], ["-semihosting"])
    pool = BoardPool(tmp_path_factory.mktemp("logs"), given_firmware=image)
    try:
        yield pool.board(target, mode=None, check="memory")
    finally:
        pool.close()


def is_exact() -> bool:
    """Tell whether this QEMU shows a plugin the registers of its guest."""
    return plugin.plugin_api(Path(shutil.which("qemu-system-arm") or "")) >= plugin.READS_REGISTERS


# All that blocks of 16 bytes show as well, or the objects of arrays, of two modules of the corpus.
@pytest.mark.parametrize("name", [
    "smooth", "gain_all", "reverse", "fir_state", "histogram", "keep_bytes", "resized", "renewed", "freed",
    "inner_pointer",
])  # fmt: skip
def test_what_native_code_does_to_its_memory_is_checked(name: str, watched: Board) -> None:
    fault = next(fault for fault in planted() if fault.function == name)
    outcome = judge(watched, fault)
    assert outcome.is_named, outcome.found
    assert outcome.false_alarm == ""


@pytest.mark.parametrize("name", ["ring", "freed_twice"])
def test_what_was_asked_for_is_known_where_registers_are_read(name: str, watched: Board) -> None:
    fault = next(fault for fault in planted() if fault.function == name)
    outcome = judge(watched, fault)
    assert outcome.is_named == is_exact(), outcome.found
    assert outcome.false_alarm == ""


def test_it_is_said_how_exactly(watched: Board) -> None:
    fault = next(fault for fault in planted() if fault.function == "fir_state")
    said = judge(watched, fault).found
    assert ("checked to blocks of 16 bytes" in said) != is_exact()
    assert re.search(r"a block of \d+ bytes" if is_exact() else r"a block of \d+ to \d+ bytes", said)


def test_more_than_symbols_give_is_refused(image: Path, tmp_path: Path) -> None:
    target = with_options(load_target("m3"), [], ["-semihosting"])
    pool = BoardPool(tmp_path, given_firmware=image)
    with pytest.raises(MemcheckUnavailable, match=r"--gc-stress and --memcheck-unwritten cannot be had: "):
        pool.board(target, mode=None, check="stress, unwritten")
    published = tmp_path / "published.elf"
    strip = toolchain.find("arm-none-eabi-strip", "this test")
    subprocess.run([strip, "-o", published, image], check=True, timeout=60)
    pool = BoardPool(tmp_path, given_firmware=published)
    with pytest.raises(MemcheckUnavailable, match=r"cannot be checked: .* has no symbols, .* fixture `guarded`"):
        pool.board(target, mode=None, check="memory")
    broken = tmp_path / "broken.elf"
    copy = toolchain.find("arm-none-eabi-objcopy", "this test")
    subprocess.run([copy, "--strip-symbol=gc_realloc", image, broken], check=True, timeout=60)
    pool = BoardPool(tmp_path, given_firmware=broken)
    with pytest.raises(MemcheckUnavailable, match=r"has no symbol gc_realloc, of MicroPython's allocator"):
        pool.board(target, mode=None, check="memory")


def test_without_the_option_it_is_silent_and_that_is_explained(image, make_board):
    with pytest.raises(FirmwareSilent, match=r"It may be waiting for semihosting, .* docs/own-target\.md"):
        make_board(load_target("m3"), image, boot_seconds=2.0)


def test_the_command_that_runs_a_test_again_has_the_options(image, project):
    write(project, test_it="def test_it(board):\n    assert board.eval('1') == 2\n")
    options = ("--target", "m3", "--firmware", str(image), "--emulator-host-options=-semihosting")
    run(project, *options).stdout.fnmatch_lines(["pytest *test_it.py::test_it* --emulator-host-options=-semihosting"])
