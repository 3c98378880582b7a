"""An ESP32 is a board like any other: code, values, files, modules, resets."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from mpy_harness.board.codec import TYPECODES
from mpy_harness.board.hostfiles import HostFiles
from mpy_harness.board.natmod_loader import build_module
from mpy_harness.errors import GuestException, IncompatibleModule, WrongModule
from mpy_harness.machines.espressif.kind import KEPT_FLASH
from mpy_harness.resources import natmods_dir


def test_code_and_values(board, esp32):
    assert board.exec("import sys\nprint(sys.platform)") == "esp32\n"
    assert board.eval("[1, 2.5, 'text', None, {'a': (1 << 70)}]") == [1, 2.5, "text", None, {"a": 1 << 70}]
    assert board.abi.arch == esp32.natmod.arch
    with pytest.raises(GuestException, match="ZeroDivisionError: divide by zero"):
        board.exec("1 // 0")
    held = board.hold([1, 2, 3])
    assert board.call("sum", held) == 6


@pytest.mark.parametrize("code", TYPECODES)
def test_array_bits_pass_unchanged(board, code):
    special = np.array([0x7FF0000000000001, 0xFFF8000000000000, 1, 1 << 63, 0x7F800001FF800000], np.uint64)
    data = np.concatenate([np.random.default_rng(3).integers(0, 2**64, 100, np.uint64), special]).view(TYPECODES[code])
    back = board.hold(data).get()
    assert back.dtype == data.dtype
    assert back.tobytes() == data.tobytes()


def test_large_arrays_do_not_go_through_the_uart(board):
    data = np.random.default_rng(1).integers(0, 256, 50_000, np.uint8)  # half of the largest free block
    received = board.console.log_path.stat().st_size
    assert (board.hold(data).get() == data).all()
    assert board.console.log_path.stat().st_size - received < 2000


def test_values_as_text_where_nothing_else_is_there(boot):
    board = boot(memory=False)
    data = np.random.default_rng(1).integers(0, 256, 3000, np.uint8)
    assert (board.hold(data).get() == data).all()
    board.close()


def test_files_are_in_flash_and_outlive_resets(board, boot):
    content = bytes(range(256)) * 20
    board.files.put(content, "/data/kept.bin")
    board.exec("with open('/data/text', 'w') as f: f.write('of a program')")
    board.soft_reset()
    assert board.files.get("/data/kept.bin") == content
    board.hard_reset()
    assert board.files.get("/data/kept.bin") == content
    assert board.files.get("/data/text") == b"of a program"
    assert board.files.list("/data") == ["kept.bin", "text"]
    assert board.eval("__import__('os').statvfs('/')[0]") == 4096  # of littlefs in flash
    other = boot()
    assert "data/" not in other.files.list("/")
    other.close()


def test_flash_that_is_kept(boot, tmp_path, monkeypatch):
    monkeypatch.setenv(KEPT_FLASH, str(tmp_path / "flash.bin"))
    board = boot()
    board.files.put(b"for the next session", "/kept")
    board.close()
    assert (tmp_path / "flash.bin").stat().st_size == 4 << 20
    board = boot()
    assert board.files.get("/kept") == b"for the next session"
    board.close()


def test_files_of_the_host_come_first_and_writing_goes_to_flash(boot, board, tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "of_the_host.py").write_text("answer = 42\n")
    (tmp_path / "data.txt").write_text("the host's")
    board.files.put(b"in flash", "/own.txt")
    board.files.put(b"hidden", "/data.txt")
    board.host_files = HostFiles((tmp_path,), {"imports": tmp_path / "lib"})
    try:
        board.soft_reset()
        assert board.eval("__import__('of_the_host').answer") == 42
        assert board.files.get("/data.txt") == b"the host's"
        assert board.files.get("/own.txt") == b"in flash"
        assert {"boot.py", "data.txt", "own.txt", "lib/", "imports/"} <= set(board.files.list("/"))
        board.exec("with open('data.txt', 'a') as f: f.write(', and more')")
        assert board.files.get("/data.txt") == b"the host's, and more"
        assert (tmp_path / "data.txt").read_text() == "the host's"
        with pytest.raises(GuestException, match="ENOENT"):
            board.files.get("/nothing")
    finally:
        board.host_files = HostFiles()
    board.soft_reset()
    assert board.files.get("/data.txt") == b"the host's, and more"


@pytest.mark.parametrize("name", ["iir", "fir", "fft", "arrayutils", "trees"])
def test_native_modules_load(board, build, name):
    built = build(name)
    module = board.import_native(built)
    assert board.call("lambda m: m.__file__", module) == f"/natmods/{name}.mpy"
    assert board.call("lambda m: type(m).__name__", module) == "module"


def test_a_native_module_computes_what_its_python_form_does(board, build):
    native = board.import_native(build("arrayutils"))
    board.files.put(natmods_dir() / "arrayutils" / "arrayutils_python.py", "/python/arrayutils_python.py")
    python = board.import_module("arrayutils_python", "/python/arrayutils_python.py")
    names = [name for name in board.call("dir", native) if not name.startswith("_")]
    assert set(names) <= set(board.call("dir", python))
    assert names


def test_a_module_that_is_built_in_does_not_pass_for_the_file(board, build, tmp_path):
    file = shutil.copy(build("arrayutils").path, tmp_path / "framebuf.mpy")
    with pytest.raises(WrongModule, match="importing 'framebuf' gave a module built into the firmware, not /natmods/"):
        board.import_native(file)


def test_a_module_of_another_core_is_refused(board, esp32, m33):
    other = build_module(natmods_dir() / "iir", m33)
    with pytest.raises(IncompatibleModule, match=rf"is for armv7emsp.*board {esp32.name} takes {esp32.natmod.arch}"):
        board.import_native(other)


def test_expect(board):
    board.console.write_bytes(b"print('number', 6 * 7)\x04")
    assert board.expect(r"number (\d+)\s").group(1) == b"42"  # digits come one by one
