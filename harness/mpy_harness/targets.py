"""Read ``target.toml`` into typed objects, and say clearly what is wrong in one."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError

from mpy_harness.errors import TargetInvalid
from mpy_harness.resources import targets_dir

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE_NAME = "target.toml"
_VERSION = re.compile(r"\d+\.\d+\.\d+")
DEFAULT_TARGET = "m33"

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


class Target(Table):
    """A target as its ``target.toml`` describes it, with its name and folder.

    ``machine`` is the table that has the emulator's name, read by that emulator; ``firmware_of`` is the target
    whose firmware this one runs, the very same image.
    """

    name: Text
    folder: Path
    description: Text
    core: Text
    emulator: Text
    machine: Mapping[str, Any]
    firmware_of: Target | None = None
    window: Window | None = None
    firmware: Firmware
    natmod: NatmodSpec
    memory: tuple[Memory, ...] = ()
    cycles: Cycles | None = None

    @property
    def is_published(self) -> bool:
        """Whether the firmware is a finished image that somebody publishes."""
        return isinstance(self.firmware, PublishedFirmware)

    @property
    def built(self) -> FirmwareSpec:
        """Return how the firmware is built; TargetInvalid for one that is published."""
        if isinstance(self.firmware, PublishedFirmware):
            raise TargetInvalid(f"the firmware of {self.name} is not built, it is published: {self.firmware.url}")
        return self.firmware

    @property
    def board_folder(self) -> Path:
        """Return the folder with the board files of the MicroPython port."""
        return self.folder / self.built.board

    @property
    def shared_folder(self) -> Path | None:
        """Return the folder with what the board has in common with others, None where it stands alone."""
        if self.built.shared is None:
            return None
        beside = self.folder.parent / self.built.shared
        return beside if beside.is_dir() else targets_dir() / self.built.shared

    @property
    def tools(self) -> str:
        """Return the version of MicroPython whose mpy-cross and headers make what is loaded into the firmware."""
        other = self.firmware.tools if isinstance(self.firmware, PublishedFirmware) else None
        return other or self.firmware.micropython

    def of_release(self, version: str) -> Target:
        """Return the same target with its firmware built from a release of MicroPython. Raises TargetInvalid."""
        if self.is_published:
            raise TargetInvalid(
                f"the firmware of {self.name} is published as it is, of MicroPython {self.firmware.micropython}; "
                f"only what is built can be of {version}."
            )
        changes = {"firmware": self.firmware.model_copy(update={"micropython": version})}
        base = self.firmware_of and self.firmware_of.of_release(version)
        return self.model_copy(update={**changes, "firmware_of": base})

    def machine_as(self, model: type[AnyTable]) -> AnyTable:
        """Return the emulator's own table as its model.

        Raises TargetInvalid, which names the file, the key and what is wrong with it.
        """
        try:
            return model(**self.machine)
        except (ValidationError, TypeError) as error:
            file = self.folder / FILE_NAME
            raise TargetInvalid(f"{file} does not describe a target:\n{_explain(error, self.emulator)}") from error


def available() -> list[str]:
    """Return the names of the targets that the project carries, sorted."""
    return sorted(path.parent.name for path in targets_dir().glob(f"*/{FILE_NAME}"))


def load_target(name_or_path: str, base: Path = Path()) -> Target:
    """Return the target of that name, or the one described in that folder, which may be relative to ``base``.

    With ``@VERSION`` at its end, its firmware is built from another release of MicroPython. Raises TargetInvalid,
    which names the file, the key and what is wrong with it.
    """
    where, at, version = name_or_path.rpartition("@")
    if not at or _VERSION.fullmatch(version) is None:
        where, version = name_or_path, ""
    file = _file(where, base)
    target = _target(_read(file), file)
    return target.of_release(version) if version else target


def _file(name_or_path: str, base: Path) -> Path:
    folder = targets_dir() / name_or_path
    if name_or_path in {"", ".", ".."} or "/" in name_or_path or not (folder / FILE_NAME).is_file():
        folder = base / Path(name_or_path).expanduser()
    file = folder / FILE_NAME
    if not file.is_file():
        why = f"{folder.resolve()} holds no {FILE_NAME}" if folder.is_dir() else "there is no such name or folder"
        raise TargetInvalid(
            f"there is no target {name_or_path!r}: {why}. Known targets: {', '.join(available()) or 'none'}; "
            f"a path to a folder that holds a {FILE_NAME} works too."
        )
    return folder.resolve() / FILE_NAME


def _target(table: dict[str, Any], file: Path) -> Target:
    for reserved in ("name", "folder", "machine", "firmware_of"):
        if reserved in table:
            raise TargetInvalid(f"{file}: {reserved}: is not a key, the harness gives it. Remove it.")
    base = _firmware_of(table, file)
    if base is not None:
        # What describes the image is said once, there.
        shared = {"core", "firmware", "natmod", "memory", "cycles"}
        table = {**base.model_dump(include=shared), **table, "firmware": base.firmware, "firmware_of": base}
    try:
        table["machine"] = _machine(table)
        # Lists are the only arrays TOML has; the rest is checked strictly.
        table["memory"] = tuple(table.get("memory", ()))
        if isinstance(table.get("cycles"), dict) and "costs" not in table["cycles"]:
            table["cycles"] = {**dict(_core_model(str(table.get("core")), file)), **table["cycles"]}
        return Target(name=file.parent.name, folder=file.parent, **table)
    except (TypeError, ValueError) as error:
        raise TargetInvalid(f"{file} does not describe a target:\n{_explain(error)}") from error


def _machine(table: dict[str, Any]) -> Any:
    # The table of the emulator's name, which that emulator alone understands; taken out of the others.
    emulator = table.get("emulator")
    if not isinstance(emulator, str) or emulator in Target.model_fields:
        return {}  # which is wrong, as the model says of the key `emulator`, or finds a table there
    if not isinstance(table.get(emulator), dict):
        raise ValueError(f'emulator = "{emulator}" needs a table [{emulator}]')  # noqa: TRY004 - said of the file
    return table.pop(emulator)


def _firmware_of(table: dict[str, Any], file: Path) -> Target | None:
    # [firmware] of = "m33": the image of another target, one that is carried or lies beside this one.
    firmware = table.get("firmware")
    of = firmware.get("of") if isinstance(firmware, dict) else None
    if of is None:
        return None
    if firmware != {"of": str(of)}:
        raise TargetInvalid(f'{file}: firmware.of: of = "<target>" stands alone, the rest is that target\'s affair.')
    other = _file(of, file.parent.parent)
    if "of" in _read(other).get("firmware", {}):
        raise TargetInvalid(f"{file}: firmware.of: {of} has no firmware of its own either. Name the one that has.")
    return _target(_read(other), other)


def _core_model(core: str, asked_in: Path) -> CycleModel:
    folder = targets_dir() / "cores"
    file = folder / f"{core}.toml"
    if not file.is_file():
        known = ", ".join(sorted(path.stem for path in folder.glob("*.toml")))
        raise TargetInvalid(
            f"{asked_in}: cycles: there is no cycle model of {core!r}, only of {known}. "
            "Give source, error and costs in [cycles] itself, or remove [cycles]."
        )
    try:
        return CycleModel(**_read(file))
    except (ValidationError, TypeError) as error:
        raise TargetInvalid(f"{file} does not describe a core:\n{_explain(error)}") from error


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TargetInvalid(f"{file} is not valid TOML: {error}. Correct that line.") from error


def _explain(error: TypeError | ValueError, *table: str) -> str:
    if not isinstance(error, ValidationError):
        return f"  {error}"
    lines = []
    for entry in error.errors():
        # The kind of a firmware is found by its keys, it is none itself.
        place = [part for at, part in enumerate(entry["loc"]) if not (at == 1 and part in {"built", "published"})]
        key = ".".join(str(part) for part in (*table, *place)) or "(file)"
        what = "unknown key" if entry["type"] == "extra_forbidden" else entry["msg"].removeprefix("Value error, ")
        value = "" if entry["type"] in {"missing", "extra_forbidden", "value_error"} else f" (it is {entry['input']!r})"
        lines.append(f"  {key}: {what}{value}")
    return "\n".join(lines)
