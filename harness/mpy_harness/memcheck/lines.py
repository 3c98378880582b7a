"""What the plugin writes of native code's use of memory, a line of JSON each (plugin_c/memcheck/findings.c)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, TypeAdapter, ValidationError

from mpy_harness.errors import MachineryError

#: What is wrong with an access, or with freeing what native code freed.
What = Literal[
    "beyond", "before", "freed", "never", "stack", "null", "wild", "code",
    "tables", "data", "text", "rodata", "module", "object", "no block", "freed twice", "unwritten",
]  # fmt: skip


#: A place in native code, 0 for none, and where native code called what it is in, and so on, as far as is known.
Site = tuple[int, ...]


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Block(_Line):
    """A block of the heap: its first address, the bytes that were asked for, what allocated and freed it.

    The bytes are those of whole blocks of 16 where ``is_rounded``: nothing tells what was asked for.
    """

    start: int
    size: int
    by: Site
    end: Literal["free", "collection", "move"] | None = None
    ended_by: Site = (0,)
    is_rounded: bool = False


class ModuleLine(_Line):
    """Where a native module is: its text, the heap's copy of that, its bss and its constants, and its code.

    ``number`` is that of the code: the same where it is loaded again.
    """

    number: int
    text: int
    copy_of_text: int
    data: int
    rodata: int
    data_end: int
    code: Annotated[bytes, BeforeValidator(lambda value: bytes.fromhex(str(value)))]


class FindingLine(_Line):
    """One access: where it is, the function of the firmware that did it there (0: none), and what it accessed.

    Of a function that is no part of the firmware, ``called`` is the name.
    ``stack`` is the stack pointer, 0 where that is not known. ``holder`` is where a pointer into the block is, ``held``
    that pointer; 0 where none was found.
    """

    what: What
    site: Site
    function: int
    called: str = ""
    store: bool
    size: int
    address: int
    stack: int
    block: Block | None = None
    near: Block | None = None
    holder: int = 0
    held: int = 0


class UnseenLine(_Line):
    """Native code ran at an address that cannot be checked: the heap was not found, or the code is not in it."""

    unseen: int
    is_heap_found: bool


PluginLine = ModuleLine | FindingLine | UnseenLine
_LINES: TypeAdapter[PluginLine] = TypeAdapter(PluginLine)


def parse(data: bytes) -> Iterator[PluginLine]:
    """Return what the plugin wrote, in its order. A module is told before what is found in it."""
    try:
        yield from map(_LINES.validate_json, data.splitlines())
    except ValidationError as error:
        raise MachineryError(f"the memory checker wrote a line that makes no sense: {error}") from error
