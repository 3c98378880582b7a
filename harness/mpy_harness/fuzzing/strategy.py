"""A strategy of Hypothesis: sequences of calls of a native module."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from hypothesis import strategies as st

from mpy_harness.board.board import Board
from mpy_harness.board.natmod_loader import GuestModule
from mpy_harness.errors import NatmodInvalid
from mpy_harness.fuzzing.calls import Steps
from mpy_harness.fuzzing.making import Maker
from mpy_harness.fuzzing.subject import Subject
from mpy_harness.fuzzing.surface import Surface

T = TypeVar("T")

_CALLS = 6


@dataclass(frozen=True)
class NativeCalls:
    """A sequence of calls, which ``run`` makes; its ``str`` is the MicroPython that does so."""

    steps: Steps
    subject: Subject = field(repr=False, compare=False)
    surface: Surface = field(repr=False, compare=False)

    def run(self) -> None:
        """Make the calls in a life of the guest of their own.

        Raises what native code did wrong: MemoryMisused, GuestFault, NativeLoop and the like; exceptions of the
        guest are none of that.
        """
        # What is learnt of results must not change what the same choices lead to.
        outcome = self.subject.run_alone(self.steps, Surface(self.surface.name))
        self.subject.board.findings.clear()  # raised here, or Hypothesis shows them
        if outcome.error is not None:
            raise outcome.error

    def __str__(self) -> str:
        return self.subject.source(self.steps, bare=False)

    __repr__ = __str__


class HypothesisDraw:
    """Choices by Hypothesis, from within a composite strategy."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def number(self, least: int, most: int) -> int:
        """Return a number, both ends included."""
        return self._draw(st.integers(least, most))

    def one_of(self, things: Sequence[T]) -> T:
        """Return one of them."""
        return self._draw(st.sampled_from(things))


def native_calls(board: Board, module: GuestModule, *, setup: str = "") -> st.SearchStrategy[NativeCalls]:
    """Return a strategy of calls of a module that the fixture ``natmod`` has loaded on a board.

    ``setup`` is MicroPython that runs before each sequence; its objects and buffers are used. Raises NatmodInvalid for
    a module of another form than native, ConfigurationInvalid for a setup that does not run.
    """
    if module.build is None:
        raise NatmodInvalid("native_calls wants a native module, not a pure-Python form")
    subject = Subject(board, module.build, setup)
    surface = subject.look()

    @st.composite
    def sequences(draw: st.DrawFn) -> NativeCalls:
        maker = Maker(surface, HypothesisDraw(draw))
        return NativeCalls(maker.steps(draw(st.integers(1, _CALLS))), subject, surface)

    return sequences()
