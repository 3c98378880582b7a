"""Parts: chips that one can buy, as ``parts/<name>.toml`` describes them, each fact with its source."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from mpy_harness.errors import TargetInvalid
from mpy_harness.resources import targets_dir
from mpy_harness.targets.explain import explain
from mpy_harness.targets.files import core_model, read_toml
from mpy_harness.targets.tables import CycleModel, Cycles, Table, Text

_SUFFIX = ".toml"


class Fact(Table):
    """A number, and where it is written: the document and the place in it."""

    value: Annotated[int, Field(ge=0)]
    source: Text


class Measured(Table):
    """How long the interpreter takes from a flash, fitted to published times (docs/published.md).

    ``work`` is a factor of the cycles by the core's model: of firmware as it is published, another build than what is
    counted here. ``calls``: how often its wait states are waited for at each call and return.
    """

    work: Annotated[float, Field(gt=0)]
    calls: Annotated[float, Field(ge=0)]
    source: Text


class CodeMemory(Table):
    """Where code is fetched from; what no source was found for is left out.

    ``waits``: cycles that a fetch of ``line`` bytes takes more than the core's cycle model has. ``cache``: the
    bytes of code that are kept, and then fetched without waiting. ``shared`` is the source which says that data
    go over the same bus as the code, so that an access to data is a cycle in which nothing is fetched.
    ``measured`` is what is known of the interpreter in it; ``longer`` by how many percent at most published times of
    interpreted programs were above those of the core's model, where nothing that was fitted tells it.
    """

    memory: Text
    waits: Fact | None = None
    line: Fact | None = None
    cache: Fact | None = None
    shared: Text | None = None
    measured: Measured | None = None
    longer: Fact | None = None

    @model_validator(mode="after")
    def _has_line(self) -> CodeMemory:
        if self.waits is not None and self.waits.value and (self.line is None or not self.line.value):
            raise ValueError("waits need line: the bytes of one fetch, more than 0")
        if self.measured is not None and self.waits is None:
            raise ValueError("measured needs waits: the wait states that calls and returns wait for")
        return self


class Part(Table):
    """A chip: its ``core`` and clock in Hz, the ``arch`` of native modules for it, its RAM in bytes.

    ``ram`` is the memory that MicroPython's heap lies in, ``taken`` what is known to be taken of it before.
    ``firmware`` is where the interpreter's code lies, ``modules`` where that of native modules is put.
    ``model`` is the cycle model of the core, None where there is none.
    """

    name: Text
    description: Text
    core: Text
    arch: Text
    clock: Fact
    ram: Fact
    taken: Fact | None = None
    firmware: CodeMemory
    modules: CodeMemory
    model: CycleModel | None = None

    @model_validator(mode="after")
    def _has_room(self) -> Part:
        if not self.clock.value:
            raise ValueError("clock.value is 0 Hz")
        if self.room <= 0:
            raise ValueError("taken is all of ram")
        return self

    @property
    def room(self) -> int:
        """Return the bytes of RAM without what is known to be taken."""
        return self.ram.value - (self.taken.value if self.taken is not None else 0)

    @property
    def cycles(self) -> Cycles | None:
        """Return the cycle model of its core at its clock, None where there is none."""
        if self.model is None:
            return None
        return Cycles(**self.model.model_dump(), clock=self.clock.value)


def available_parts() -> list[str]:
    """Return the names of the parts that the project carries, sorted."""
    return sorted(path.stem for path in _folder().glob(f"*{_SUFFIX}"))


def load_part(name_or_path: str) -> Part:
    """Return the part of that name, or the one that a ``.toml`` file describes.

    Raises TargetInvalid, which names the file, the key and what is wrong.
    """
    own = name_or_path.endswith(_SUFFIX)
    file = Path(name_or_path).expanduser() if own else _folder() / f"{name_or_path}{_SUFFIX}"
    if not file.is_file() or not (own or name_or_path in available_parts()):
        raise TargetInvalid(
            f"there is no part {name_or_path!r}. Known parts: {', '.join(available_parts())}; "
            "a file of your own works too, named with its .toml (docs/parts.md)."
        )
    table = read_toml(file)
    for reserved in ("name", "model"):
        if reserved in table:
            raise TargetInvalid(f"{file}: {reserved}: is not a key, the harness gives it. Remove it.")
    try:
        return Part(name=file.stem, model=core_model(str(table.get("core"))), **table)
    except (TypeError, ValueError) as error:
        raise TargetInvalid(f"{file} does not describe a part:\n{explain(error)}") from error


def _folder() -> Path:
    return targets_dir() / "parts"
