"""What the plugin writes, one line of JSON for each region that ended (counting/plugin_c/region.c)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from mpy_harness.errors import MachineryError

#: What surrounds a region's marks; guest/counting.py puts the first byte before its name.
Kind = Literal["request", "end", "with", "native", "viper", "native with", "viper with", "inline", "calls"]
_KINDS: dict[str, Kind] = {
    "\1": "request",
    "\2": "with",
    "\4": "inline",
    "\5": "native",
    "\6": "viper",
    "\7": "native with",
    "\x08": "viper with",
    "\x0b": "end",
}

#: Why a count is not exact: the guest waited in the region; the emulator left a block of code, nobody knows where; it
#: ended in a pause; a request's region was begun again, or ended by another end than the host's (a record of kind "end"
#: tells of the second).
Doubt = Literal["wait", "left", "pause", "begin", "end"]


def _text(name: object) -> str:
    return bytes.fromhex(str(name)).decode("utf-8", "replace")


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MemoryUse(_Record):
    """Loads and stores (of up to a word each) and their bytes, 32-byte lines touched, bytes of stack from its top."""

    loads: int
    stores: int
    bytes_loaded: int
    bytes_stored: int
    lines: int
    stack: int


class Record(_Record):
    """A region as it was counted, its marks included.

    Beside the classes, mode "classes" tells (``costs.cycles.BESIDE``): words moved; loads, multiplications, floats and
    shifted operands whose result the next instruction reads, or the next but one; loads straight after another one
    (counting/plugin_c/decode/pairs.h; None where they are not told); instructions that a float division before them may
    hide, and how often the flow turned among them (counting/plugin_c/classes.c).
    ``nodes`` are contexts as (number of the parent or -1, address, object or 0, calls, instructions), ``code``
    executed code that is not the firmware's as (address, bytes in hexadecimal), ``reads`` calls of functions that tell
    the time or give random numbers as (address, calls).
    """

    name: Annotated[str, BeforeValidator(_text)]
    depth: int
    instructions: int
    finished: bool
    exact: bool
    doubt: Doubt | None = None
    classes: dict[str, int] = {}
    load_words: int = 0
    store_words: int = 0
    load_used: int | None = None
    load_later: int | None = None
    load_row: int | None = None
    multiply_used: int | None = None
    float_used: int | None = None
    shift_used: int | None = None
    behind_divide: int = 0
    behind_divide_turns: int = 0
    memory: MemoryUse | None = None
    nodes: list[tuple[int, int, int, int, int]] = []
    code: list[tuple[int, str]] = []
    reads: list[tuple[int, int]] = []

    @property
    def kind(self) -> Kind:
        """Return what surrounds the region's marks."""
        return _KINDS.get(self.name[:1], "calls")

    @property
    def label(self) -> str:
        """Return the name that the program gave it."""
        return self.name[1:] if self.name[:1] in _KINDS else self.name


def parse(data: bytes) -> Iterator[Record]:
    """Return the records of what the plugin wrote, in the order in which the regions ended."""
    try:
        yield from map(Record.model_validate_json, data.splitlines())
    except ValidationError as error:
        raise MachineryError(f"the counting plugin wrote a record that makes no sense: {error}") from error
