"""--memcheck on the unix port: valgrind finds planted faults, by function and line, and nothing in mended twins."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mpy_harness import machines
from mpy_harness.board import Board
from mpy_harness.board.pool import BoardPool
from mpy_harness.counting.instrument import Mode
from mpy_harness.errors import GuestFault, MemcheckUnavailable, MemoryMisused, ToolMissing
from mpy_harness.firmware.progress import Silent
from mpy_harness.targets import Target
from tests.emulator.leftovers import Leftovers
from tests.memcheck.corpus import judge, planted

# Those that valgrind can find; docs/unix.md has the rest.
KINDS = ("use after free", "double free", "free of what is no block")


@pytest.fixture(scope="module")
def checked(unix: Target, image: Path, tmp_path_factory: pytest.TempPathFactory):
    if shutil.which("valgrind") is None:
        pytest.skip("valgrind is not there, which checks memory on this target: apt install valgrind")
    before = Leftovers()
    pool = BoardPool(tmp_path_factory.mktemp("checked"), given_firmware=image, timeout=60)
    yield pool.board(unix, mode="count", check="memory")
    pool.close()
    before.check()


@pytest.mark.parametrize("kind", KINDS)
def test_planted_fault(checked: Board, kind: str) -> None:
    fault = next(fault for fault in planted() if fault.kind == kind and fault.module == "buffers")
    outcome = judge(checked, fault)
    assert outcome.is_named, outcome.found or "nothing was found"
    assert outcome.false_alarm == ""


@pytest.mark.parametrize("function", ["smooth", "differences"])
def test_overrun(checked: Board, function: str) -> None:
    outcome = judge(checked, next(fault for fault in planted() if fault.function == function))
    assert outcome.is_named, outcome.found or "nothing was found"
    assert outcome.false_alarm == ""


def test_the_same_fault_is_told_in_the_next_test_too(checked: Board) -> None:
    fault = next(fault for fault in planted() if fault.function == "smooth")
    for _ in range(2):
        assert judge(checked, fault).is_named


def test_what_the_firmware_does_for_native_code_is_told_with_its_name(checked: Board, misbehaving) -> None:
    checked.hard_reset()
    checked.import_native(misbehaving)
    checked.exec("import uctypes; data = bytearray(50); at = uctypes.addressof(data)")
    assert checked.eval("__import__('misbehaving').copy_from(at, 50)") == bytes(50)
    said = r"overrun: copy_from\(\) of the native module misbehaving, misbehaving.c:\d+, which calls mp_obj_new_"
    with pytest.raises(MemoryMisused, match=said):
        checked.eval("__import__('misbehaving').copy_from(at, 51)")
    checked.findings.clear()


def test_a_null_pointer_is_a_fault_with_its_line(checked: Board, misbehaving) -> None:
    checked.hard_reset()
    checked.import_native(misbehaving)
    with pytest.raises(GuestFault, match=r"(?s)SIGSEGV: it wrote to a null pointer.*write\(\) of the native module"):
        checked.eval("__import__('misbehaving').write(0)")


def test_the_interpreter_alone_is_no_finding(checked: Board) -> None:
    checked.hard_reset()
    checked.exec("""
        import gc, json, re
        kept = [bytearray(n) for n in range(200)]
        text = json.dumps({str(n): [n, n * 0.5] for n in range(50)})
        for n in range(20):
            kept[n] += bytes(100)
            del kept[-3:]
            gc.collect()
        found = re.search("([0-9]+)", text).group(1)
    """)
    assert checked.findings == []


def test_it_says_what_it_has_not(unix: Target, image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = machines.kind_of(unix)
    mode: Mode | None = None
    with pytest.raises(MemcheckUnavailable, match="has no --gc-stress"):
        kind.checker(image, mode, Silent(), check="stress")
    with pytest.raises(MemcheckUnavailable, match="does not tell which lines"):
        kind.checker(image, mode, Silent(), check="memory", covers=True)
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(ToolMissing, match=r"valgrind is not installed; .* On Debian: apt install valgrind"):
        kind.checker(image, mode, Silent(), check="memory")
