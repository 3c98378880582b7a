"""What the registers of a core say about a fault, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class FaultFormat:
    """How an instruction set describes a fault, in the registers that a board's firmware reports (``#FAULT``).

    A report that has the register ``status`` is of this format. ``reasons`` puts the registers into words.
    """

    status: str
    reasons: Callable[[Mapping[str, int]], list[str]]
