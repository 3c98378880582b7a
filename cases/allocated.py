"""What a form allocates in one call."""

from __future__ import annotations

from typing import Any

from mpy_harness.board.objects import GuestObject
from mpy_harness.errors import MemoryUnwatched
from mpy_harness.workloads import Guest

#: The region's name in measurements: `<test>: call`.
REGION = "call"


def allocations(guest: Guest, owner: GuestObject, name: str, *args: Any) -> None:
    """Call ``owner.name(*args)`` with arguments that the guest holds, and measure what that takes of the heap.

    On firmware that does not count allocations nothing is measured.
    """
    held = [guest.board.hold(arg) for arg in args]
    try:
        with guest.board.allocations(REGION):
            getattr(owner, name)(*held)
    except MemoryUnwatched:
        pass
