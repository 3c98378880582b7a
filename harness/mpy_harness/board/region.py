"""What ``board.count()`` and ``board.allocations()`` return: it measures in a ``with`` block, and says so elsewhere."""

from __future__ import annotations

import warnings
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Generic, TypeVar

from mpy_harness.errors import RegionUnused

_T = TypeVar("_T")


class Region(AbstractContextManager[_T], Generic[_T]):
    """Measures what the guest runs in a ``with`` block; ``call`` is what the user wrote, ``block`` what it begins.

    Whoever asks for a figure without such a block reads what to write. One that is thrown away unused warns, because
    what should have been measured was not.
    """

    def __init__(self, call: str, block: str, manager: AbstractContextManager[_T]) -> None:
        self._advice = f"{call} measures what runs in a `with` block. Write: {block}"
        self._manager = manager
        self._is_used = False

    def __enter__(self) -> _T:
        """Begin to measure; return what the figures go to."""
        self._is_used = True
        return self._manager.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        """End."""
        return self._manager.__exit__(kind, error, traceback)

    def __getattr__(self, name: str) -> object:
        """Raise AttributeError that says what to write; only what a region has not comes here."""
        if name.startswith("_"):
            raise AttributeError(name)
        self._is_used = True  # it is said once
        raise AttributeError(f"there is no {name} yet: {self._advice}", name=name, obj=self)

    def __del__(self) -> None:
        """Warn if nothing was ever measured; the line that throws it away is most often the one that made it."""
        if not self._is_used:
            warnings.warn(f"nothing was measured: {self._advice}", RegionUnused, stacklevel=2)
