"""Which kinds of machine there are: our own, those that a test session adds, and those of installed packages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeAlias

from mpy_harness.errors import TargetInvalid
from mpy_harness.machines.base import MachineKind
from mpy_harness.machines.espressif.kind import EspressifKind
from mpy_harness.machines.qemu.kind import QemuKind
from mpy_harness.machines.renode.kind import RenodeKind
from mpy_harness.machines.rp2040js.kind import Rp2040jsKind
from mpy_harness.machines.serial.kind import SerialKind
from mpy_harness.machines.unix.kind import UnixKind
from mpy_harness.targets import FILE_NAME, Target

#: The group of entry points in which a package names its kinds: ``name = "module:Class"``.
GROUP = "mpy_harness.machines"

#: A class for each name that ``emulator`` in ``target.toml`` may have.
Kinds: TypeAlias = Mapping[str, type[MachineKind[Any]]]

_OWN: Kinds = {
    "espressif": EspressifKind,
    "qemu": QemuKind,
    "renode": RenodeKind,
    "rp2040js": Rp2040jsKind,
    "serial": SerialKind,
    "unix": UnixKind,
}
_added: list[Callable[[], Kinds]] = []


def add_kinds(kinds: Callable[[], Kinds]) -> Callable[[], None]:
    """Add what is asked for further kinds whenever one is looked up; return what takes it away again."""
    _added.append(kinds)
    return lambda: _added.remove(kinds)


def kind_of(target: Target) -> MachineKind[Any]:
    """Return the machines of a target's kind.

    A name of our own is found first, then what was added, then what packages bring. Raises TargetInvalid for a name
    that none has, and for what is wrong in the kind's table.
    """
    name = target.emulator
    for kinds in (lambda: _OWN, *_added):
        if name in (there := kinds()):
            return _checked(target, there[name])
    installed = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name in installed:
        return _checked(target, _load(target, installed[name]))
    known = sorted({*_OWN, *installed}.union(*(kinds() for kinds in _added)))
    raise _invalid(
        target,
        f"there is no kind of machine {name!r}, only {', '.join(known)}. Correct it, install the package that has it, "
        "or let the hook pytest_mpy_harness_machines of a conftest.py name its class (docs/machines.md).",
    )


def with_options(target: Target, options: Sequence[str], host_options: Sequence[str]) -> Target:
    """Return a target with more in the lists ``options`` and ``host_options`` of its kind's table.

    Raises TargetInvalid where the table has no such list, and for options that do not belong there.
    """
    given = {"options": options, "host_options": host_options}
    more = {key: [*target.machine.get(key, ()), *words] for key, words in given.items() if words}
    if not more:
        return target
    if not more.keys() <= kind_of(target).table_model.model_fields.keys():
        raise TargetInvalid(f"{target.name} takes no options for its emulator, {target.emulator}. Leave them out.")
    changed = target.model_copy(update={"machine": {**target.machine, **more}})
    try:
        kind_of(changed)
    except TargetInvalid as error:
        raise TargetInvalid(
            f"{error}\nThese are with what --emulator-options says; host_options are --emulator-host-options there."
        ) from error
    return changed


def _load(target: Target, entry: EntryPoint) -> object:
    try:
        return entry.load()
    except Exception as error:
        what = f"the kind of machine {entry.name!r} cannot be loaded from {entry.value}: {error!r}. Correct it there."
        raise _invalid(target, what) from error


def _checked(target: Target, kind: object) -> MachineKind[Any]:
    if not (isinstance(kind, type) and issubclass(kind, MachineKind)):
        raise _invalid(target, f"{kind!r} is no class derived from mpy_harness.machines.MachineKind. Correct it there.")
    return kind(target)


def _invalid(target: Target, what: str) -> TargetInvalid:
    return TargetInvalid(f"{target.folder / FILE_NAME} does not describe a target:\n  emulator: {what}")
