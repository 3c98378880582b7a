"""A test fails by what its boards found in memory, also where it caught that or ended green."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from mpy_harness.board.board import Board
from mpy_harness.errors import MemoryMisused
from mpy_harness.memcheck.findings import Finding, misuse


@contextmanager
def raise_findings(boards: Callable[[], Sequence[Board]]) -> Iterator[None]:
    """Raise MemoryMisused at the end of a test with findings, unless that is what it ended with.

    ``boards`` returns those that the test used.
    """
    try:
        yield
    except MemoryMisused:
        raise
    except BaseException as error:
        if found := _found(boards()):
            raise misuse(found, error) from error
        raise
    if found := _found(boards()):
        raise misuse(found)


def _found(boards: Sequence[Board]) -> list[Finding]:
    return [finding for board in boards for finding in board.findings]
