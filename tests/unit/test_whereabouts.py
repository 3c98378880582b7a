"""A place without a name may be an interrupt: another look finds the loop that it interrupts."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from mpy_harness.board.address_names import AddressNames
from mpy_harness.board.whereabouts import whereabouts
from mpy_harness.counting.locate import Block
from mpy_harness.machines import End, Machine

LOOP, INTERRUPT = 0x3FC8_1234, 0x4038_01AA


class Running(Machine):
    """A machine that is at one place after the other, and at the last one for good."""

    def __init__(self, places: Sequence[int | None]) -> None:
        self.places = list(places)

    def program_counter(self) -> int | None:
        return self.places.pop(0) if len(self.places) > 1 else self.places[0]

    def ended(self) -> End | None:
        return None

    def close(self) -> None:
        pass


class OneName(AddressNames):
    """Names of a firmware without symbols and of one native module."""

    def __init__(self) -> None:
        pass

    def knows(self, address: int, code: Sequence[Block]) -> bool:
        assert code
        return address == LOOP

    def describe(self, address: int, code: Sequence[Block] = ()) -> str:
        return "spin()" if self.knows(address, code) else "code without a name"

    native_code = range(0)
    stack_top = 0


@pytest.mark.parametrize(
    ("places", "said"),
    [
        ([LOOP, INTERRUPT], "0x3fc81234, in spin()."),
        ([INTERRUPT, INTERRUPT, LOOP], "0x3fc81234, in spin()."),
        ([INTERRUPT], "0x403801aa, in code without a name."),
    ],
)
def test_a_loop_is_found_behind_interrupts(places, said):
    assert whereabouts(Running(places), OneName(), "rv32imc") == f"It was executing at {said}"


def test_a_machine_that_does_not_tell():
    assert whereabouts(Running([None]), OneName(), "rv32imc") == ""
