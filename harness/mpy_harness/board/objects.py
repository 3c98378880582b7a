"""Stand-ins on the host for objects that live in the guest."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from mpy_harness.board.codec import Reference

if TYPE_CHECKING:
    from mpy_harness.board.board import Board


class GuestObject(Reference):
    """An object in the guest: call its methods, pass it as an argument, fetch it with ``get()``.

    ``filt.run(x)`` calls the guest's method ``run``; the object is freed in the guest when the last
    stand-in is, and with the next reset.
    """

    def __init__(self, board: Board, number: int) -> None:
        self._board = board
        self._life = board.life
        self.number = number
        weakref.finalize(self, board.release, board.life, number).atexit = False

    def get(self) -> Any:
        """Return the object itself, where it is of a type that can be transferred."""
        return self._board.fetch(self)

    def __call__(self, *args: Any, timeout: float | None = None, **kwargs: Any) -> Any:
        """Call the object, a function or class of the guest."""
        return self._board.request("call", self, "", list(args), kwargs, timeout=timeout)

    def __getattr__(self, name: str) -> GuestMethod:
        """Return the attribute of that name, to be called."""
        if name.startswith("__"):
            raise AttributeError(name)
        return GuestMethod(self, name)

    @property
    def life(self) -> int:
        """Return in which life of the board (between two resets) the object exists."""
        return self._life

    def lives_on(self, board: Board) -> bool:
        """Tell whether the object is one of that board."""
        return self._board is board

    def __repr__(self) -> str:
        return f"<GuestObject {self.number} on {self._board.target.name}>"


class GuestMethod:
    """A method of a guest object; ``get()`` fetches an attribute that is a value."""

    def __init__(self, owner: GuestObject, name: str) -> None:
        self._owner = owner
        self._name = name

    def __call__(self, *args: Any, timeout: float | None = None, **kwargs: Any) -> Any:
        """Call the method in the guest."""
        board = self._owner._board  # noqa: SLF001 - the two classes are one thing
        return board.request("call", self._owner, self._name, list(args), kwargs, timeout=timeout)

    def get(self) -> Any:
        """Return the attribute's value."""
        return self._owner._board.call("getattr", self._owner, self._name)  # noqa: SLF001

    def __repr__(self) -> str:
        return f"<method {self._name} of {self._owner!r}>"
