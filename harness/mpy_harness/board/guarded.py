"""Call a module's functions between guard bytes, with garbage collections in between."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mpy_harness.board.board import Board
from mpy_harness.board.objects import GuestObject

Array = NDArray[Any]

_TYPECODES = {"float32": "f", "float64": "d", "int8": "b", "uint8": "B", "int16": "h", "uint16": "H", "int32": "i"}
_SECONDS = 60.0  # for all blocks of a signal


class Guarded:
    """Calls functions that write into an output, and finds what they should not have written.

    Each output lies between eight items of a pattern on either side, which are looked at after the call. Each call
    comes right behind a garbage collection, and what that freed was overwritten, so that memory which a module has
    lost hold of shows at once. Inputs must come out as they went in. What is wrong is an AssertionError of the guest.

    The calls alone are counted, as regions without a name; ``counted=False`` leaves one out.

    The guest's half, guest/guarded.py, runs in ``__main__`` as if the test had sent it: its functions ``zeros``,
    ``digest`` and ``collect`` and its class ``Guarded`` are there for programs of the test's own. The instructions of
    what allocates memory depend on where the heap has room, so a change of that file moves such figures a little.
    """

    def __init__(self, board: Board) -> None:
        self._board = board
        board.exec((resources.files("mpy_harness") / "guest" / "guarded.py").read_text(encoding="utf-8"))

    def call(
        self,
        owner: GuestObject,
        name: str,
        *args: Any,
        out: tuple[str, int],
        filled: Array | None = None,
        counted: bool = True,
    ) -> Array:
        """Call ``owner.name(*args)``, where an argument ... is the output, and return what it then holds, shape (n,).

        ``out`` is the output's typecode, as ``array`` has them, and its length n; ``filled`` is in it before the call,
        zeros where it is shorter.
        """
        marked = ["..." if arg is ... else arg for arg in args]
        return np.asarray(self._board.call("call_guarded", owner, name, *out, filled, marked, counted))

    def run(
        self,
        owner: GuestObject,
        name: str,
        x: Array,
        sizes: Sequence[int],
        *,
        in_place: bool = False,
        counted: bool = True,
    ) -> Array:
        """Call ``owner.name`` for each block of a signal, and return all that it made, of the signal's shape and type.

        ``sizes`` are the blocks' lengths, which add up to that of ``x``. It is called with a block and an output of the
        same length, or with the block alone where it works ``in_place``.
        """
        code = _TYPECODES[x.dtype.name]
        done = self._board.call("run_blocks", owner, name, x, code, list(sizes), in_place, counted, timeout=_SECONDS)
        return np.asarray(done)
