"""What goes wrong in a guest in Renode, or in Renode itself, ends in a clear error, in time."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from mpy_harness.board import Board
from mpy_harness.errors import (
    EmulatorDied,
    EmulatorRefused,
    FirmwareSilent,
    GuestFault,
    GuestTimeout,
    MachineryError,
    NativeLoop,
    PythonLoop,
    ToolMissing,
)
from mpy_harness.firmware.natmods import NatmodBuild
from mpy_harness.targets import Target, load_target
from tests.emulator.misbehaving import build_misbehaving, line_of

TIMEOUT = 3.0


@pytest.fixture(scope="session")
def misbehaving(tmp_path_factory: pytest.TempPathFactory) -> NatmodBuild:
    return build_misbehaving(tmp_path_factory.mktemp("natmods"))


def is_as_new(board: Board) -> None:
    """Check that a board is known to be broken, and works after it was switched off and on."""
    assert not board.usable
    board.hard_reset()
    assert board.eval("6 * 7") == 42


# --- the guest -----------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["null", "nothing", "firmware"])
def test_writing_where_no_memory_is(board, chip, misbehaving, place):
    flash = next(memory.origin for memory in chip.memory if memory.kind == "flash")
    address = {"null": 4, "nothing": 0x60000000, "firmware": flash + 64}[place]
    with pytest.raises(GuestFault, match=f"must not be written, at address 0x{address:08x}") as caught:
        board.import_native(misbehaving).write(address)
    assert caught.value.kind == "MemManage"
    assert caught.value.registers["mmfar"] == address
    line = line_of("get_int_truncated(to) = 1")
    assert f"pc is in write() of the native module misbehaving, misbehaving.c:{line}\n" in str(caught.value)
    assert caught.value.registers["sp"]
    is_as_new(board)


def test_an_illegal_instruction(board, misbehaving):
    with pytest.raises(GuestFault, match="UsageFault: undefined instruction"):
        board.import_native(misbehaving).undefined()
    is_as_new(board)


def test_loops(board, misbehaving):
    with pytest.raises(PythonLoop, match=r"File .<exec>., line 1"):
        board.exec("while True: pass", timeout=TIMEOUT)
    assert board.eval("6 * 7") == 42
    with pytest.raises(
        NativeLoop, match=r"executing at 0x[0-9a-f]+, in spin\(\) of the native module misbehaving, misbehaving\.c:\d+"
    ):
        board.import_native(misbehaving).spin(timeout=TIMEOUT)
    is_as_new(board)


def test_semihosting_opens_no_host_file(board, misbehaving, tmp_path):
    board.import_native(misbehaving).host_open(f"{tmp_path}/opened\0")
    assert not (tmp_path / "opened").exists()


# --- Renode --------------------------------------------------------------------------------------


def test_renode_is_killed_while_the_guest_runs(board):
    # With its group: the program may be a script that starts Renode.
    killer = threading.Timer(0.5, os.killpg, (board.machine.process.pid, signal.SIGKILL))
    killer.start()
    with pytest.raises(EmulatorDied, match=r"ended \(signal SIGKILL\)"):
        board.exec("while True: pass", timeout=30)
    killer.join(10)
    is_as_new(board)


def test_renode_is_stopped(board):
    # Not dead, but it does nothing any more, as on a machine that swaps.
    os.killpg(board.machine.process.pid, signal.SIGSTOP)
    begun = time.monotonic()
    with pytest.raises((GuestTimeout, MachineryError)):
        board.eval("1", timeout=TIMEOUT)
    assert time.monotonic() - begun < 10 * TIMEOUT
    is_as_new(board)


# --- what it is started with ---------------------------------------------------------------------


def changed(chip: Target, folder: Path, file: str, text: str, become: str) -> Target:
    """Return a target like another, but for a text in one of its files."""
    folder.mkdir()
    for original in ("target.toml", "platform.repl"):
        content = (chip.folder / original).read_text(encoding="utf-8")
        if original == file:
            assert text in content
            content = content.replace(text, become)
        (folder / original).write_text(content, encoding="utf-8")
    return load_target(str(folder))


def test_a_platform_that_renode_does_not_understand(chip, image, nothing_left, tmp_path):
    target = changed(chip, tmp_path / "mine", "platform.repl", "CPU.CortexM", "CPU.CortexQ")
    with pytest.raises(EmulatorRefused, match=r"(?s)Renode did not do .*CortexQ"):
        Board(target, image, tmp_path / "console.log")


def test_a_platform_that_is_not_there(chip, image, nothing_left, tmp_path):
    target = changed(chip, tmp_path / "mine", "target.toml", "platform.repl", "other.repl")
    with pytest.raises(MachineryError, match=r"renode.platform: there is no file .*other\.repl"):
        Board(target, image, tmp_path / "console.log")


@pytest.mark.parametrize("content", [b"", b"this is no firmware\n" * 50])
def test_an_image_that_is_garbage(chip, nothing_left, tmp_path, content):
    image = tmp_path / "garbage.elf"
    image.write_bytes(content)
    with pytest.raises(MachineryError, match=r"garbage\.elf") as caught:
        Board(chip, image, tmp_path / "console.log", boot_seconds=TIMEOUT)
    assert isinstance(caught.value, (EmulatorDied, EmulatorRefused, FirmwareSilent))


def test_a_program_that_is_no_renode(chip, image, nothing_left, tmp_path, monkeypatch):
    program = tmp_path / "renode"
    program.write_text("#!/bin/sh\necho 'Cannot open assembly' >&2\nexit 2\n")
    program.chmod(0o755)
    monkeypatch.setenv("MPY_HARNESS_RENODE", str(program))
    with pytest.raises(EmulatorDied, match=r"(?s)did not set up its machine.*status 2.*Cannot open assembly"):
        Board(chip, image, tmp_path / "console.log")
    program.write_text("no program\n")
    with pytest.raises(ToolMissing, match=r"(?s)cannot be started: Exec format error.*MPY_HARNESS_RENODE=PATH"):
        Board(chip, image, tmp_path / "console.log")
