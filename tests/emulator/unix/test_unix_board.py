"""MicroPython's unix port as a target: values, faults, resets, and what it cannot reach."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

from mpy_harness.board import Board
from mpy_harness.board.natmod_loader import build_module
from mpy_harness.errors import (
    CountingUnavailable,
    GuestException,
    GuestFailure,
    GuestFault,
    GuestReset,
    MemoryUnwatched,
    NativeLoop,
    PythonLoop,
    TimingUnavailable,
)
from mpy_harness.firmware.natmods import NatmodBuild
from mpy_harness.machines.unix.machine import UnixProcess
from mpy_harness.resources import natmods_dir
from mpy_harness.targets import Target
from tests.emulator.misbehaving import line_of
from tests.emulator.sharing import Boot

# Numbers of system calls on x86-64 (arch/x86/entry/syscalls/syscall_64.tbl of Linux).
OPEN, SOCKET, FORK, EXECVE, KILL, PTRACE, MMAP = 2, 41, 57, 59, 62, 101, 9


def values() -> list[Any]:
    some: list[Any] = [None, True, -(2**70), 0.1, "ß", b"\0\xff", [1, (2, {3})], {"a": {"b": 1.5}}]
    return [*some, *(np.arange(-3, 400).astype(code) for code in "bBhHiIqQfd")]


@pytest.mark.parametrize("value", values(), ids=lambda value: str(getattr(value, "dtype", value))[:12])
def test_values_come_back(board: Board, value: Any) -> None:
    board.exec("def same(x): return x")
    back = board.call("same", value)
    assert type(back) is type(value)
    if isinstance(value, np.ndarray):
        assert back.dtype == value.dtype
        np.testing.assert_array_equal(back, value)
    else:
        assert back == value


def test_floats_have_64_bits(board: Board) -> None:
    assert board.eval("0.1 + 0.2") == 0.1 + 0.2
    assert board.eval("__import__('sys').platform") == "linux"
    assert board.abi.arch == "x64"


def test_a_native_module_computes_with_them(board: Board, unix: Target) -> None:
    module = board.import_native(build_module(natmods_dir() / "arrayutils", unix))
    x, out = np.array([1e6, -2, 3], np.float32), board.hold(np.zeros(3, np.float32))
    module.scale(x, 0.1, out)
    np.testing.assert_array_equal(board.fetch(out), x * np.float32(0.1))


@pytest.mark.parametrize(
    ("call", "said", "function", "code"),
    [
        ("write(0)", "SIGSEGV: it wrote to a null pointer", "write", "get_int_truncated(to) = 1;"),
        ("read(0x12345678)", "SIGSEGV: it read from 0x12345678", "read", "mp_obj_new_int(*(volatile"),
        ("write(misbehaving.code)", "SIGSEGV: it wrote to 0x8", "write", "get_int_truncated(to) = 1;"),
        ("jump(0)", "SIGSEGV: it jumped to a null pointer", "jump", "((void (*)(void))"),
        ("recurse()", "SIGSEGV: its stack of 256 KB is full", "deeper", "room[0] ? deeper(room)"),
        ("undefined()", "SIGILL: it executed what is no instruction", "undefined", "__asm volatile (UNDEFINED)"),
        ("divide(0)", "SIGFPE: it divided an integer by zero", "divide", "1000 / mp_obj_get_int(by)"),
    ],
)
def test_a_fault_is_told_with_its_place(
    board: Board, misbehaving: NatmodBuild, call: str, said: str, function: str, code: str
) -> None:
    board.import_native(misbehaving)
    board.exec("import misbehaving")
    with pytest.raises(GuestFault) as error:
        board.eval(f"misbehaving.{call}")
    assert said in str(error.value)
    assert f"{function}() of the native module misbehaving, misbehaving.c:{line_of(code)}" in str(error.value)


@pytest.mark.parametrize("number", [OPEN, SOCKET, FORK, EXECVE, KILL, PTRACE, MMAP])
def test_native_code_reaches_nothing_of_the_host(board: Board, misbehaving: NatmodBuild, number: int) -> None:
    board.import_native(misbehaving)
    with pytest.raises(GuestFault, match=rf"(?s)SIGSYS: native code made the system call {number} of.*ask_linux\(\)"):
        board.eval(f"__import__('misbehaving').ask_linux({number}, {os.getpid()}, 0)")
    assert os.getpid()  # which it would have ended


def test_memory_can_only_be_protected_where_it_is_the_guests(board: Board, misbehaving: NatmodBuild) -> None:
    board.import_native(misbehaving)
    mprotect, own, of_the_program = 10, 0xA0000000, 0x400000
    assert board.eval(f"__import__('misbehaving').ask_linux({mprotect}, {own}, 0)") == 0
    with pytest.raises(GuestFault, match="SIGSYS"):
        board.eval(f"__import__('misbehaving').ask_linux({mprotect}, {of_the_program}, 4096)")


def test_python_reaches_nothing_of_the_host(board: Board) -> None:
    for path in ("/etc/passwd", "/proc/self/maps", "."):
        with pytest.raises(GuestException, match="OSError"):
            board.exec(f"open({path!r}).read()")
    missing = [name for name in ("socket", "ffi", "termios", "_thread", "ssl") if not _has(board, name)]
    assert missing == ["socket", "ffi", "termios", "_thread", "ssl"]
    assert board.eval("[n for n in ('system', 'getenv', 'urandom') if hasattr(__import__('os'), n)]") == []


def _has(board: Board, name: str) -> bool:
    try:
        board.exec(f"import {name}")
    except GuestException:
        return False
    return True


def test_the_process_has_no_more_files_than_it_needs(board: Board) -> None:
    assert isinstance(board.machine, UnixProcess)
    opened = os.listdir(f"/proc/{board.machine.process.pid}/fd")  # noqa: PTH208 - a folder of the kernel's
    assert sorted(opened) == ["0", "1", "2"]


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("while True: pass", PythonLoop),
        ("import time\nwhile True: time.sleep(1)", PythonLoop),
        ("__import__('misbehaving').spin()", NativeLoop),
        ("import machine; machine.reset()", GuestReset),
    ],
)
def test_what_does_not_end_is_told(
    board: Board, misbehaving: NatmodBuild, source: str, kind: type[GuestFailure]
) -> None:
    board.import_native(misbehaving)
    with pytest.raises(kind) as error:
        board.exec(source, timeout=1)
    if kind is NativeLoop:
        assert f"in spin() of the native module misbehaving, misbehaving.c:{line_of('volatile int on')}" in str(
            error.value
        )


@pytest.mark.parametrize("reset", ["soft_reset", "hard_reset"])
def test_a_reset_begins_anew(board: Board, reset: str) -> None:
    places = []
    for _ in range(3):
        getattr(board, reset)()
        with pytest.raises(GuestException, match="NameError"):
            board.eval("left")
        board.exec("left = bytearray(b'here')")
        places.append(board.eval("id(left)"))
    assert places[1] == places[2]  # addresses depend on the program alone


def test_files_are_the_tests_own(board: Board) -> None:
    board.exec("with open('note.txt', 'w') as file:\n file.write('kept')\n file.seek(1)\n file.write('e')")
    assert board.eval("open('note.txt').read()") == "kept"
    board.soft_reset()
    with pytest.raises(GuestException, match="ENOENT"):
        board.eval("open('note.txt').read()")


def test_what_a_processor_of_this_computer_does_not_tell(board: Board) -> None:
    with pytest.raises(CountingUnavailable), board.count():
        pass
    with pytest.raises(MemoryUnwatched), board.allocations():
        pass
    with pytest.raises(TimingUnavailable):
        board.time("len", [])


def test_two_at_a_time(boot: Boot) -> None:
    one, other = boot(), boot()
    one.exec("x = 1")
    other.exec("x = 2")
    assert (one.eval("x"), other.eval("x")) == (1, 2)
    for each in (one, other):
        each.close()


def test_nobody_who_is_gone_leaves_it_behind(boot: Boot) -> None:
    board = boot()
    assert isinstance(board.machine, UnixProcess)
    process = board.machine.process
    board.close()
    assert process.ended() is not None
