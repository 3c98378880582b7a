"""The tables of ``target.toml``."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

Text = Annotated[str, Field(min_length=1)]
Address = Annotated[int, Field(ge=0, lt=2**64)]
Size = Annotated[int, Field(gt=0, lt=2**64)]
Cost = Annotated[float, Field(ge=0)]

#: What a cost is of: the classes of counting/plugin_c/decode/decode.h with underscores, branches by whether taken;
#: load_word and store_word: each further word of one instruction; load_row: a load of a register straight after
#: another that it does not wait for, in place of load; load_used, multiply_used, float_used: cycles more where the next
#: instruction reads what was loaded, the product, the result of an instruction of floats; load_later: where the next
#: but one reads what was loaded; shift_used: where it reads what was computed, and one of the two shifts an operand
#: before.
CostName = Literal[
    "integer", "multiply", "divide", "load", "load_word", "load_row", "load_used", "load_later", "store", "store_word",
    "branch_taken", "branch_not_taken", "call", "return", "float_add", "float_multiply", "float_multiply_add",
    "float_divide", "float_square_root", "float_convert", "float_move", "multiply_used", "float_used", "shift_used",
    "dsp", "vector", "system",
]  # fmt: skip


class Table(BaseModel):
    """A table of ``target.toml``; emulators derive the models of theirs from it (``Target.machine_as``)."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


AnyTable = TypeVar("AnyTable", bound=Table)


#: What a board goes through between two tests: MicroPython starts again, or the machine is switched off and on.
Reset = Literal["soft", "hard"]


class Window(Table):
    """Memory of the guest that host and guest share; address and size in bytes."""

    address: Address
    size: Size


class PlainBoard(Table):
    """A board for plain C programs in code that it shares with others: what is its own.

    ``chip`` is the header that knows the chip's UART and clock: the name of one in the folder ``chips`` of the shared
    code, or a file beside ``target.toml``, whose name ends with ``.h``. ``stack`` and ``fault_stack`` are in bytes.
    ``mpu``: whether the chip has the memory protection that its core may have. ``flags`` are compiler flags beyond
    those of the core.
    """

    chip: Text
    stack: Size
    fault_stack: Size = 1024
    mpu: bool = True
    flags: str = ""


class BoardSpec(PlainBoard):
    """A board for MicroPython: its ``heap`` in bytes, and macros of MicroPython's configuration, ``config``."""

    heap: Size
    config: dict[Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")], int | str] = {}


def _kind_of_board(value: object) -> str:
    return "<folder>" if isinstance(value, str) else "<table>"


class FirmwareSpec(Table):
    """How a target's firmware is built.

    ``board`` is a folder of board files beside ``target.toml``, or a table of what is the board's own in the code of
    ``shared``. That is a folder of what several boards have in common: one beside the target's, or one of those that
    are carried, ``targets/boards/``. ``cross`` is the compiler prefix, where it is not that of the architecture.
    """

    micropython: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+(-preview)?$")]
    port: Text
    board: Annotated[
        Annotated[Text, Tag("<folder>")] | Annotated[BoardSpec, Tag("<table>")], Discriminator(_kind_of_board)
    ]
    shared: Text | None = None
    cross: str | None = None
    image: Text = "firmware.elf"
    make: dict[str, str] = {}

    @model_validator(mode="after")
    def _has_code(self) -> FirmwareSpec:
        if isinstance(self.board, BoardSpec) and self.shared is None:
            raise ValueError('a table [firmware.board] needs shared, the folder of its code: shared = "cortex-m"')
        return self


class PlainFirmware(Table):
    """No firmware: the core runs plain C programs alone. ``no_micropython`` says why, ``shared`` has the board's code.

    The empty names are what others find in place of a release and a port.
    """

    no_micropython: Text
    shared: Text
    board: PlainBoard
    cross: str | None = None
    micropython: ClassVar[str] = ""
    port: ClassVar[str] = ""
    tools: ClassVar[str] = ""


_Release = Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]


class PublishedImage(Table):
    """A finished image that somebody publishes: its file name, where it is and its SHA-256.

    ``tools`` is the version of the mpy-cross and the headers that make what is loaded into it, where they are of
    another release with the same version of ``.mpy`` files.
    """

    tools: _Release | None = None
    image: Annotated[str, Field(pattern=r"^[\w.+-]+$")]
    url: Annotated[str, Field(pattern=r"^https://")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class PublishedFirmware(PublishedImage):
    """The image of a target, of the release ``micropython``; ``releases`` are those of other ones, by release."""

    micropython: _Release
    port: Text
    releases: dict[_Release, PublishedImage] = {}

    @property
    def pinned(self) -> list[str]:
        """Return the releases whose images are known, the oldest first."""
        return sorted({self.micropython, *self.releases}, key=lambda version: [int(n) for n in version.split(".")])

    def of_release(self, version: str) -> PublishedFirmware | None:
        """Return the image of a release as that of the target, None where none is known."""
        other = self if version == self.micropython else self.releases.get(version)
        if other is None:
            return None
        own = {name: getattr(other, name) for name in PublishedImage.model_fields}
        return self.model_copy(update={"micropython": version, **own})


#: What ``firmware`` is where the machine has it, and no table is needed.
INSTALLED = "installed"


class InstalledFirmware(Table):
    """Firmware that is on the machine, as on a board on the desk: ``firmware = "installed"``.

    All of this is found by asking (board/asked.py), and empty until then: the release, the port, the release whose
    mpy-cross and headers make what is loaded, and in ``said`` the firmware's own words for itself.
    """

    micropython: str = ""
    port: str = ""
    tools: str = ""
    said: str = ""


def _installed(value: object) -> object:
    return InstalledFirmware() if value == INSTALLED else value


def _kind_of_firmware(table: object) -> str:
    if table == INSTALLED or isinstance(table, InstalledFirmware):
        return "<installed>"
    if isinstance(table, PlainFirmware) or (isinstance(table, dict) and "no_micropython" in table):
        return "<plain>"
    published = isinstance(table, PublishedFirmware) or (isinstance(table, dict) and "url" in table)
    return "<published>" if published else "<built>"


Firmware = Annotated[
    Annotated[FirmwareSpec, Tag("<built>")]
    | Annotated[PublishedFirmware, Tag("<published>")]
    | Annotated[PlainFirmware, Tag("<plain>")]
    | Annotated[InstalledFirmware, BeforeValidator(_installed), Tag("<installed>")],
    Discriminator(_kind_of_firmware),
]


class NatmodSpec(Table):
    """What native modules are built for: ``arch`` as MicroPython's ``dynruntime.mk`` calls it."""

    arch: Text


class Memory(Table):
    """A region of the target's memory map; origin and length in bytes.

    What is built goes into the first of kind "flash" and the first of kind "ram"; of kind "window" is memory that
    the host maps too.
    """

    name: Text
    origin: Address
    length: Size
    kind: Literal["flash", "ram", "window"]


class CycleModel(Table):
    """What instructions cost on a core, in cycles; ``error`` is the bound of an estimate in percent.

    A core's model is ``cores/<core>.toml`` beside the targets. ``overlap`` is the source which says that instructions
    without floats go on while a float division or square root is computed.
    """

    source: Text
    error: Annotated[float, Field(gt=0, le=100)]
    costs: Annotated[dict[CostName, Cost], Field(min_length=1)]
    overlap: Text | None = None


class Cycles(CycleModel):
    """The cycle model of a target: that of its core, at a clock in Hz.

    ``refill``: cycles that the memory with the code adds to each taken branch, call and return.
    """

    clock: Annotated[int, Field(gt=0)]
    refill: Cost = 0
