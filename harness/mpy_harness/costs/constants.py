"""What a stage's terms cost on each target: constants that were measured, ``constants.json`` beside this module."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from mpy_harness.errors import TargetInvalid
from mpy_harness.targets import Part, Target

FILE = Path(__file__).with_name("constants.json")


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Errors(_Record):
    """The greatest error of instructions on models that the constants were not fitted to, in percent.

    ``guessed``: where what a model visits was not looked up in samples. ``models`` are how many it was.
    """

    known: float
    guessed: float | None = None
    models: int


class StageConstants(_Record):
    """``terms``: instructions by class, of each term. ``sizes``: the least and greatest that were measured."""

    terms: dict[str, dict[str, float]]
    sizes: dict[str, tuple[int, int]]
    errors: Errors


class Module(_Record):
    """A native module: bytes of its ``.mpy`` file, and of the heap once it is imported.

    ``around_data``: what a compiled file with the arrays of a model takes beside them.
    """

    file: int
    heap: int
    around_data: int = 0


class TargetConstants(_Record):
    """What was measured on a target, and with what."""

    core: str
    arch: str
    micropython: str
    firmware: str
    toolchain: str
    emulator: str
    modules: dict[str, Module]
    stages: dict[str, StageConstants]


class Constants(_Record):
    """All constants; ``made_with`` are the versions of the packages that made the models.

    ``other_firmware``: by how much what two targets take differs at most, in percent, that have the same core and
    architecture: their native modules are the same, but not the interpreter that calls them. ``other_firmware_of`` has
    that of kinds which allocate, and so depend on the heap as well. ``other_core`` and ``other_core_of`` are the same
    of targets that have the same architecture and not the same core.
    """

    made_with: dict[str, str]
    other_firmware: float
    other_firmware_of: dict[str, float]
    other_core: float
    other_core_of: dict[str, float]
    targets: dict[str, TargetConstants]

    def of(self, target: Target) -> tuple[str, TargetConstants]:
        """Return the target whose constants are those of another, and them.

        That is the target itself, the one whose firmware it runs, or the first one with the same core and architecture.
        Raises TargetInvalid where none was measured.
        """
        names = [target.name, *([target.firmware_of.name] if target.firmware_of else []), *self.targets]
        for name in names:
            found = self.targets.get(name)
            if found is not None and (found.core, found.arch) == (target.core, target.natmod.arch):
                return name, found
        raise self._not_measured(target.name, target.core, target.natmod.arch, "one of those with --target")

    def of_part(self, part: Part) -> tuple[str, TargetConstants]:
        """Return the target whose constants are those of a part, and them.

        That is the first one with the same core and architecture; without any, the first with the same architecture,
        whose native modules are the same and whose firmware is compiled for a core with the same instructions.
        Raises TargetInvalid where none was measured.
        """
        same = [(name, each) for name, each in self.targets.items() if each.arch == part.arch]
        if not same:
            raise self._not_measured(part.name, part.core, part.arch, "a part with one of these architectures")
        return next((found for found in same if found[1].core == part.core), same[0])

    def error_elsewhere(self, kind: str, *, is_same_core: bool) -> float:
        """Return by how much instructions of a kind of stage may differ with other firmware, in percent."""
        if is_same_core:
            return self.other_firmware_of.get(kind, self.other_firmware)
        return self.other_core_of.get(kind, self.other_core)

    def has_part(self, part: Part) -> bool:
        """Tell whether there are constants for a part."""
        return any(each.arch == part.arch for each in self.targets.values())

    def _not_measured(self, name: str, core: str, arch: str, choose: str) -> TargetInvalid:
        measured = ", ".join(f"{name} ({each.core}, {each.arch})" for name, each in self.targets.items())
        return TargetInvalid(
            f"what code costs on {name} ({core}, {arch}) was not measured, only on {measured}. Choose {choose}."
        )


@lru_cache(maxsize=1)
def constants() -> Constants:
    """Return the constants that the package carries."""
    return Constants.model_validate_json(FILE.read_bytes())
