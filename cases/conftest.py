"""What the cases share."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager

import pytest

from mpy_harness.board.board import Board
from mpy_harness.errors import CompilerMissing, CountingUnavailable, GuestException
from mpy_harness.golden import Golden
from mpy_harness.plugin.origin import target_of
from mpy_harness.targets import load_target

#: Targets with 36 and 64 KiB of heap, for which a case may be too large.
TIGHT = ("lm3s6965evb", "musca-a")


@pytest.fixture(params=["native", "python"])
def form(request: pytest.FixtureRequest) -> str:
    """Which form of a module runs: the native module or the same algorithm in Python."""
    return str(request.param)


@pytest.fixture
def golden(golden: Golden, board: Board) -> Iterator[Golden]:
    """Checks of what a region of the guest computed: a case without instructions is a mistake in the case."""
    yield golden
    try:
        with board.count(listed=False):
            pass
    except CountingUnavailable:
        return
    uncounted = [result.case for result in golden.results if not result.instructions]
    assert not uncounted, f"no region was counted before the check of {', '.join(uncounted)}"


@contextmanager
def _skipped_where_it_cannot_run(item: pytest.Item) -> Iterator[None]:
    try:
        yield
    except GuestException as error:
        name = target_of(item)
        if error.type != "MemoryError" or name not in TIGHT:
            raise
        pytest.skip(f"too large for the RAM of {name}: {str(error).splitlines()[0]}")
    except CompilerMissing as error:
        name = target_of(item)
        if load_target(name).is_built:
            raise  # that compiler builds the firmware as well
        pytest.skip(f"no compiler for native modules of the {name}: {error}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    """Skip a test whose module does not fit into a small target, or cannot be built for a published image."""
    with _skipped_where_it_cannot_run(item):
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Skip a test that does not fit into a small target, or whose module cannot be built for a published image."""
    with _skipped_where_it_cannot_run(item):
        yield
