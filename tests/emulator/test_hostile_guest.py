"""Guest code that answers with more than the host should take, or asks for more than it can take."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from mpy_harness.board import Board
from mpy_harness.board.hostfiles import HostFiles
from mpy_harness.board.pool import BoardPool
from mpy_harness.errors import Untransferable
from mpy_harness.limits import REFERENCES
from mpy_harness.targets import load_target

MANY = 1200  # objects: the request that lets the guest forget them is longer than the smallest buffer


@pytest.fixture(scope="module", params=["m33", "m4-stm32"])
def board(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    pool = BoardPool(tmp_path_factory.mktemp("boards"))
    yield pool.board(load_target(request.param))
    pool.close()


def test_many_objects_are_forgotten_a_few_at_a_time(board):
    board.exec("class C: pass\none = C()")
    before = board.eval("len(ʬ.objects)")
    things = board.eval(f"[one] * {MANY}")
    assert len(things) == MANY
    del things
    gc.collect()
    assert board.call("len", bytes(5000)) == 5000  # needs room, which the guest makes by forgetting
    board.eval("None")
    for _ in range(MANY // 50):
        board.eval("None")
    assert board.eval("len(ʬ.objects)") == before


def test_more_objects_than_anybody_wants_are_refused(tmp_path):
    pool = BoardPool(tmp_path)
    try:
        board = pool.board(load_target("m33"))
        board.exec("class C: pass\none = C()")
        with pytest.raises(Untransferable, match="more than 10,000 objects that stay there"):
            board.eval(f"[one] * {REFERENCES + 1}")
        gc.collect()
        assert board.eval("1 + 1") == 2
    finally:
        pool.close()


def test_a_file_that_does_not_fit_is_an_error_of_the_guest(board, tmp_path: Path):
    with (tmp_path / "big").open("wb") as file:
        file.truncate(5 << 30)
    board.host_files = HostFiles([tmp_path])
    board.soft_reset()
    board.exec(
        "try:\n    open('/big', 'rb')\nexcept OSError as error:\n    what = type(error).__name__\nelse:\n    what = ''"
    )
    assert board.eval("what") == "OSError"


def test_a_path_without_end_is_an_error_of_the_guest(board, tmp_path: Path):
    board.host_files = HostFiles([tmp_path])
    board.soft_reset()
    board.exec(
        "try:\n    open('/a' * 2100, 'rb')\nexcept OSError as error:\n    what = 'OSError'\nelse:\n    what = ''"
    )
    assert board.eval("what") == "OSError"
