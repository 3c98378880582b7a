"""Collections at each allocation in native code: what is kept wrongly shows itself at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mpy_harness.board import Board
from mpy_harness.board.pool import BoardPool
from mpy_harness.errors import MemoryMisused
from mpy_harness.targets import load_target
from tests.memcheck.corpus import planted, run

FAULTS = {fault.function: fault for fault in planted()}


@pytest.fixture(scope="module")
def stressed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    pool = BoardPool(Path(tmp_path_factory.mktemp("logs")))
    try:
        yield pool.board(load_target("m33"), mode=None, check="stress")
    finally:
        pool.close()


@pytest.mark.parametrize("name", ["inner_pointer", "keep_bytes", "gain", "renewed", "reenter"])
def test_what_is_planted_is_found_and_its_twin_is_not(name: str, stressed: Board) -> None:
    error = run(stressed, FAULTS[name], mended=False)
    assert isinstance(error, MemoryMisused)
    assert (error.findings[0].kind, error.findings[0].place.line) == (FAULTS[name].kind, FAULTS[name].line)
    assert run(stressed, FAULTS[name], mended=True) is None


def test_no_collection_is_asked_for(stressed: Board) -> None:
    fault = FAULTS["inner_pointer"]
    hasty = type(fault)(fault.module, fault.function, fault.kind, fault.call.replace("gc.collect()", "[]"), fault.line)
    error = run(stressed, hasty, mended=False)
    assert isinstance(error, MemoryMisused)
    said = str(error)
    assert "freed by the collector, which saw no pointer to its begin" in said
    assert "a pointer to 60 bytes into it is in the variable kept_inside of the native module" in said
    assert run(stressed, hasty, mended=True) is None
