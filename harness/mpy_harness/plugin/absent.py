"""A test that asks for what a machine can never do skips there, with the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from mpy_harness import machines
from mpy_harness.errors import CountingUnavailable, MemcheckUnavailable, MemoryUnwatched, TimingUnavailable
from mpy_harness.targets import Target


@contextmanager
def skipped_where_absent(target: Callable[[], Target | None]) -> Iterator[None]:
    """Skip where counts, checks of memory or time are wanted of a machine that has none of that kind.

    Where something is missing that could be installed, the error stays one.
    """
    try:
        yield
    except (CountingUnavailable, MemcheckUnavailable, MemoryUnwatched, TimingUnavailable) as error:
        on = target()
        if on is None or (machines.kind_of(on).modes and not isinstance(error, TimingUnavailable)):
            raise
        pytest.skip(str(error))
