"""The tables of ``target.toml``."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

Text = Annotated[str, Field(min_length=1)]
Address = Annotated[int, Field(ge=0, lt=2**64)]
Size = Annotated[int, Field(gt=0, lt=2**64)]
Cost = Annotated[float, Field(ge=0)]

#: What a cost is of: the classes of counting/plugin_c/decode/decode.h with underscores, branches by whether taken;
#: load_word and store_word: each further word of one instruction; load_row: a load of a register straight after
#: another that it does not wait for, in place of load; load_used: cycles more where the next instruction reads what
#: was loaded.
CostName = Literal[
    "integer", "multiply", "divide", "load", "load_word", "load_row", "load_used", "store", "store_word",
    "branch_taken", "branch_not_taken", "call", "return", "float_add", "float_multiply", "float_multiply_add",
    "float_divide", "float_square_root", "float_convert", "float_move", "dsp", "system",
]  # fmt: skip


class Table(BaseModel):
    """A table of ``target.toml``; emulators derive the models of theirs from it (``Target.machine_as``)."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


AnyTable = TypeVar("AnyTable", bound=Table)


class Window(Table):
    """Memory of the guest that host and guest share; address and size in bytes."""

    address: Address
    size: Size


class FirmwareSpec(Table):
    """How a target's firmware is made: ``board`` is a folder beside ``target.toml``.

    ``shared`` is a folder of what several boards have in common, beside the target's own or one that is carried.
    """

    micropython: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    port: Text
    board: Text
    shared: Text | None = None
    cross: str
    image: Text
    make: dict[str, str] = {}


class PublishedFirmware(Table):
    """A finished image that somebody publishes: its file name, where it is and its SHA-256.

    ``micropython`` is its version, ``tools`` that of the mpy-cross and the headers that make what is loaded into it,
    where they are of another one with the same version of ``.mpy`` files.
    """

    micropython: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    tools: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")] | None = None
    port: Text
    image: Annotated[str, Field(pattern=r"^[\w.+-]+$")]
    url: Annotated[str, Field(pattern=r"^https://")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


def _kind_of_firmware(table: object) -> str:
    published = isinstance(table, PublishedFirmware) or (isinstance(table, dict) and "url" in table)
    return "published" if published else "built"


Firmware = Annotated[
    Annotated[FirmwareSpec, Tag("built")] | Annotated[PublishedFirmware, Tag("published")],
    Discriminator(_kind_of_firmware),
]


class NatmodSpec(Table):
    """What native modules are built for: ``arch`` as MicroPython's ``dynruntime.mk`` calls it."""

    arch: Text


class Memory(Table):
    """A region of the target's memory map; origin and length in bytes."""

    name: Text
    origin: Address
    length: Size
    kind: Literal["flash", "ram", "window"]


class CycleModel(Table):
    """What instructions cost on a core, in cycles; ``error`` is the bound of an estimate in percent.

    A core's model is ``cores/<core>.toml`` beside the targets.
    """

    source: Text
    error: Annotated[float, Field(gt=0, le=100)]
    costs: Annotated[dict[CostName, Cost], Field(min_length=1)]


class Cycles(CycleModel):
    """The cycle model of a target: that of its core, at a clock in Hz.

    ``refill``: cycles that the memory with the code adds to each taken branch, call and return.
    """

    clock: Annotated[int, Field(gt=0)]
    refill: Cost = 0
