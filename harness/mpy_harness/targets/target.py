"""A target, and what follows from its description."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, model_validator

from mpy_harness import architectures
from mpy_harness.architectures.cores import CORES
from mpy_harness.architectures.instruction_set import InstructionSet
from mpy_harness.errors import TargetInvalid
from mpy_harness.resources import targets_dir
from mpy_harness.targets.explain import explain
from mpy_harness.targets.tables import (
    AnyTable,
    Cycles,
    Firmware,
    FirmwareSpec,
    InstalledFirmware,
    Memory,
    NatmodSpec,
    PlainFirmware,
    PublishedFirmware,
    Reset,
    Table,
    Text,
    Window,
)

#: The file in a target's folder that describes it.
FILE_NAME = "target.toml"


class Target(Table):
    """A target as its ``target.toml`` describes it, with its name and folder.

    ``machine`` is the table that has the emulator's name, read by that emulator; ``firmware_of`` is the target
    whose firmware this one runs, the very same image. ``window`` is its memory of kind "window"; where the memory
    map is not told, a table ``[window]`` may say it. ``reset`` is what its boards go through between tests.
    """

    name: Text
    folder: Path
    description: Text
    core: Text
    emulator: Text
    machine: Mapping[str, Any]
    firmware_of: Target | None = None
    given_window: Window | None = Field(default=None, alias="window")
    firmware: Firmware
    natmod: NatmodSpec
    memory: tuple[Memory, ...] = ()
    cycles: Cycles | None = None
    reset: Reset = "soft"

    @model_validator(mode="after")
    def _has_one_window(self) -> Target:
        if len(self._windows()) > 1:
            raise ValueError('there is more than one window: the table [window], and [[memory]] of kind = "window"')
        return self

    @property
    def window(self) -> Window | None:
        """Return the memory that host and guest share, None where there is none."""
        return next(iter(self._windows()), None)

    def _windows(self) -> set[Window]:
        windows = {Window(address=each.origin, size=each.length) for each in self.memory if each.kind == "window"}
        return windows | ({self.given_window} if self.given_window is not None else set())

    @property
    def is_published(self) -> bool:
        """Whether the firmware is a finished image that somebody publishes."""
        return isinstance(self.firmware, PublishedFirmware)

    @property
    def is_installed(self) -> bool:
        """Whether the firmware is what the machine has, and the harness brings none."""
        return isinstance(self.firmware, InstalledFirmware)

    @property
    def is_built(self) -> bool:
        """Whether the firmware is built from MicroPython's source."""
        return isinstance(self.firmware, FirmwareSpec)

    @property
    def is_plain(self) -> bool:
        """Whether there is no MicroPython for it: the core runs plain C programs alone."""
        return isinstance(self.firmware, PlainFirmware)

    def check_micropython(self) -> None:
        """Raise TargetInvalid where there is no MicroPython for the target."""
        if isinstance(self.firmware, PlainFirmware):
            raise TargetInvalid(
                f"{self.name} runs plain C programs alone: {self.firmware.no_micropython}. Use the fixture `program` "
                f"or `mpy-harness program --target {self.name}`, or another target (docs/small-cores.md)."
            )

    @property
    def instruction_set(self) -> InstructionSet | None:
        """Return the instruction set of the core, None where it is not known."""
        which = architectures.instruction_set(self.natmod.arch)
        core = CORES.get(self.core)
        return architectures.instruction_set_named(core.code) if which is None and core and core.code else which

    @property
    def compiled(self) -> FirmwareSpec | PlainFirmware:
        """Return with which board's code programs are compiled; TargetInvalid where that is not known."""
        return self.firmware if isinstance(self.firmware, PlainFirmware) else self.built

    @property
    def built(self) -> FirmwareSpec:
        """Return how the firmware is built; TargetInvalid for one that is not."""
        self.check_micropython()
        if isinstance(self.firmware, PublishedFirmware):
            raise TargetInvalid(f"the firmware of {self.name} is not built, it is published: {self.firmware.url}")
        if isinstance(self.firmware, FirmwareSpec):
            return self.firmware
        raise TargetInvalid(f"the firmware of {self.name} is not built, it is what is on the board")

    @property
    def cross(self) -> str:
        """Return the prefix of the compiler that builds the firmware; TargetInvalid for one that is not built."""
        if self.compiled.cross is not None:
            return self.compiled.cross
        arch, which = architectures.mpy_arch(self.natmod.arch), self.instruction_set
        if arch is None and which is not None and which.compiler is not None:
            return which.compiler.prefix
        if arch is None or arch.compiler is None:
            raise TargetInvalid(
                f"{self.folder / FILE_NAME}: natmod.arch: no compiler is known for {self.natmod.arch!r}. Correct it, "
                "or name the compiler's prefix: firmware.cross."
            )
        return arch.compiler.prefix

    @property
    def own_board(self) -> Path | None:
        """Return the folder with board files of the target's own, None where its board is a table."""
        board = self.compiled.board
        return self.folder / board if isinstance(board, str) else None

    @property
    def shared_board(self) -> Path | None:
        """Return the folder with what the board has in common with others, None where it stands alone."""
        shared = self.compiled.shared
        if shared is None:
            return None
        beside = self.folder.parent / shared
        return beside if beside.is_dir() else targets_dir() / "boards" / shared

    @property
    def word_size(self) -> int:
        """Return the size of a pointer in the guest, in bytes."""
        arch = architectures.mpy_arch(self.natmod.arch)
        return arch.word if arch is not None else 4

    @property
    def tools(self) -> str:
        """Return the version of MicroPython whose mpy-cross and headers make what is loaded into the firmware."""
        other = None if isinstance(self.firmware, FirmwareSpec) else self.firmware.tools
        return other or self.firmware.micropython

    def of_release(self, version: str) -> Target:
        """Return the same target with its firmware of a release of MicroPython, built or published.

        Raises TargetInvalid.
        """
        self.check_micropython()
        if self.is_installed:
            raise TargetInvalid(f"{self.name} has the firmware that is on it; only what is built can be of {version}.")
        firmware: Firmware | None
        if isinstance(self.firmware, PublishedFirmware):
            firmware = self.firmware.of_release(version)
            if firmware is None:
                pinned = ", ".join(self.firmware.pinned)
                raise TargetInvalid(
                    f"the firmware of {self.name} is published as it is, of MicroPython {pinned}; "
                    f"an image of {version} is not pinned. Give the file of one: --firmware FILE."
                )
        else:
            firmware = self.firmware.model_copy(update={"micropython": version})
        changes = {"firmware": firmware}
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
            raise TargetInvalid(f"{file} does not describe a target:\n{explain(error, self.emulator)}") from error
