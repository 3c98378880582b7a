"""Boards whose memory the host reaches by address only: all that boards do, and values of every size."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterator

import numpy as np
import pytest

from mpy_harness.board import Board
from mpy_harness.board.pool import BoardPool
from mpy_harness.errors import EmulatorDied, GuestException, MachineryError
from mpy_harness.firmware.image import Firmware, firmware_for
from mpy_harness.targets import Target, load_target
from tests.emulator import test_board
from tests.emulator.test_board import *  # noqa: F403 - all of its tests, with the board of this module

SIZES = [0, 1, 255, 256, 900, 1100, 5000, 40_000]


@pytest.fixture(scope="module")
def m33() -> Target:
    """The target of ``make_board`` here."""
    return load_target("m4-stm32")


@pytest.fixture(scope="module")
def firmware(m33: Target) -> Firmware:
    return firmware_for(m33)


@pytest.fixture(scope="module")
def boards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BoardPool]:
    pool = BoardPool(tmp_path_factory.mktemp("boards"))
    yield pool
    pool.close()


@pytest.fixture
def board(boards: BoardPool, m33: Target) -> Board:
    return boards.board(m33)


@pytest.mark.parametrize("size", SIZES)
def test_bytes_of_every_size(board, size):
    data = np.random.default_rng(size).bytes(size)
    held = board.hold(data)
    assert board.call("lambda v: (type(v) is bytes, len(v))", held) == (True, size)
    assert board.call("lambda v: __import__('hashlib').sha256(v).digest()", held) == hashlib.sha256(data).digest()
    assert held.get() == data


def test_bytes_are_equal_to_others_and_keys(board):
    # MicroPython keeps the hash of bytes with them, which nobody knows before they are there.
    data = bytes(range(256)) * 5
    assert board.call("lambda v: v == bytes(range(256)) * 5", data) is True
    assert board.call("lambda v: {bytes(range(256)) * 5: 1}[v]", data) == 1
    assert board.call("lambda v: {v: 1}[bytes(range(256)) * 5]", data) == 1


@pytest.mark.parametrize("size", [10, 3000])
def test_arrays_are_arrays(board, size):
    board.exec("import array")
    value = np.arange(size, dtype=np.int16)
    held = board.hold(value)
    assert board.call("lambda a: (len(a), a[-1], a[3:5] == array.array('h', [3, 4]))", held) == (size, size - 1, True)
    board.call("lambda a: (a.append(7), a.extend(array.array('h', [8])))", held)
    assert held.get().tolist() == [*value.tolist(), 7, 8]


def test_many_values_of_all_sizes_in_one(board):
    value = [np.full(n, n, np.int32) for n in range(0, 200, 13)]
    back = board.call("lambda v: [v, v[::-1]]", value)
    for one, other in zip([*value, *value[::-1]], [*back[0], *back[1]], strict=True):
        assert np.array_equal(one, other)
    numbers = [float(n) for n in range(200)]
    assert board.call("lambda v: v", numbers) == numbers
    text = ["x" * n for n in range(0, 100, 3)]
    assert board.call("lambda v: {t: t for t in v}", text) == {t: t for t in text}


def test_views_of_what_the_guest_lets_go_of(board):
    board.exec(
        "import gc\ndef f(n):\n    a = bytearray(bytes(range(250)) * 20)\n    return memoryview(a)[n:n + 1000], a[:n]"
    )
    for n in (5, 300, 3000):
        view, start = board.call("f", n)
        whole = bytes(range(250)) * 20
        assert (view.tobytes(), start) == (whole[n : n + 1000], whole[:n])


def test_what_does_not_fit_is_the_guests_error(board):
    base = test_board.count(board)
    held = board.hold(b"x")
    del held
    for _ in range(3):
        with pytest.raises(GuestException, match="MemoryError"):
            board.hold(np.zeros(30_000, np.float32))
    with pytest.raises(GuestException, match="MemoryError"):
        board.call("len", [np.zeros(5000, np.float32)] * 5)
    assert test_board.count(board) == base
    assert board.call("sum", np.ones(10_000, np.int32)) == 10_000


def test_the_guest_forgets_before_a_large_value_comes(board):
    for n in range(6):
        held = board.hold(np.full(10_000, n, np.int32))
        assert held.get()[-1] == n
        del held
        gc.collect()


def test_it_survives_collections_and_resets(board):
    for _ in range(3):
        value = np.arange(5000, dtype=np.int16)
        held = board.hold(value)
        board.exec("import gc\nfor i in range(50):\n    x = bytearray(3000)\n    gc.collect()")
        assert np.array_equal(held.get(), value)
        board.soft_reset()


@pytest.mark.parametrize("size", [0, 1000, 1100, 20_000])
def test_files_of_the_host_of_every_size(board, tmp_path, size):
    content = np.random.default_rng(size).bytes(size)
    (test_board.offer(board, tmp_path) / "some.bin").write_bytes(content)
    board.exec(
        "import hashlib\nhash = hashlib.sha256()\nwith open('some.bin', 'rb') as file:\n"
        "    while data := file.read(512):\n        hash.update(data)"
    )
    assert board.eval("hash.digest()") == hashlib.sha256(content).digest()
    assert board.files.get("some.bin") == content
    board.files.put(content, "copy.bin")
    assert board.files.get("copy.bin") == content


def test_a_host_file_that_does_not_fit(board, tmp_path):
    offered = test_board.offer(board, tmp_path)
    with (offered / "huge").open("wb") as file:
        file.truncate(15 << 20)
    (offered / "small").write_bytes(b"small")
    with pytest.raises(GuestException, match="MemoryError"):
        board.eval("open('huge', 'rb').read()")
    assert board.eval("open('huge', 'rb').read(1)") == b"\0"  # it is read in blocks
    assert board.eval("open('small').read()") == "small"


def test_an_emulator_that_is_killed_between_two_calls(make_board):
    board = make_board()
    board.machine.process._process.kill()
    with pytest.raises(EmulatorDied, match=r"m4-stm32 ended \(signal SIGKILL\)"):
        board.eval("1")


SPOILED = """
import uctypes
link = ʬ.link
def end():
    link.control.pieces, link.control.table, link.control.response = {}, {}, {}
link.end = end
"""


@pytest.mark.parametrize(
    ("pieces", "table", "response"),
    [(1 << 31, 0x2000_0000, 1), (1, 0x9000_0000, 1), (9, 0x0800_0000, 1), (0, 0, 1 << 30), (0, 0, 0)],
)
def test_a_guest_that_lies_about_its_answer(board, pieces, table, response):
    with pytest.raises(MachineryError, match=r"its memory is corrupt|did not read 8 bytes at 0x90000000|larger|"):
        board.exec(SPOILED.format(pieces, table, response))
    assert not board.usable
