"""Find and read the ``target.toml`` of a target."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mpy_harness import architectures
from mpy_harness.errors import TargetInvalid
from mpy_harness.limits import TEXT_BYTES
from mpy_harness.resources import read_file, targets_dir
from mpy_harness.targets.explain import explain
from mpy_harness.targets.tables import INSTALLED, CycleModel
from mpy_harness.targets.target import FILE_NAME, Target

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_VERSION = re.compile(r"\d+\.\d+\.\d+(-preview)?")
DEFAULT_TARGET = "m33"
#: What stands for all targets that are carried.
ALL = "all"
#: What begins the name of a target that is the board at a port: ``serial:/dev/ttyACM0``.
PORT_PREFIX = "serial:"


def available() -> list[str]:
    """Return the names of the targets that the project carries, sorted."""
    return sorted(path.parent.name for path in targets_dir().glob(f"*/{FILE_NAME}"))


def matching(pattern: str) -> list[str] | None:
    """Return the names of carried targets that a pattern stands for, None where it is no pattern but a name.

    ``all`` stands for all, ``*``, ``?`` and ``[]`` are those of a shell; ``@VERSION`` at its end is kept. Raises
    TargetInvalid where there is no such target.
    """
    if pattern.startswith(PORT_PREFIX):
        return None
    where, at, version = pattern.partition("@")
    if where != ALL and not any(sign in where for sign in "*?["):
        return None
    found = [f"{name}{at}{version}" for name in available() if where == ALL or fnmatchcase(name, where)]
    if not found:
        raise TargetInvalid(f"no target is called like {where!r}. Known targets: {', '.join(available())}.")
    return found


def chosen(names: Iterable[str]) -> dict[str, bool]:
    """Return the names that names and patterns stand for, each once, and whether it is named itself.

    One that only a pattern stands for may be left out where it cannot be used. Raises TargetInvalid (see ``matching``).
    """
    found: dict[str, bool] = {}
    for name in names:
        several = matching(name)
        for each in [name] if several is None else several:
            found[each] = found.get(each, False) or several is None
    return found


def load_target(name_or_path: str, base: Path = Path()) -> Target:
    """Return the target of that name, or the one described in that folder, which may be relative to ``base``.

    With ``@VERSION`` at its end, its firmware is built from another release of MicroPython. ``serial:PORT`` is the
    board at a serial port, which needs no file. Raises TargetInvalid, which names the file, the key and what is wrong.
    """
    if name_or_path.startswith(PORT_PREFIX):
        return _at_port(name_or_path.removeprefix(PORT_PREFIX), base)
    where, at, version = name_or_path.rpartition("@")
    if not at or _VERSION.fullmatch(version) is None:
        where, version = name_or_path, ""
    file = _file(where, base)
    target = _target(read_toml(file), file)
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
            + (f" A release has three numbers: {DEFAULT_TARGET}@1.26.1." if "@" in name_or_path else "")
        )
    return folder.resolve() / FILE_NAME


def _at_port(port: str, folder: Path) -> Target:
    if not port:
        raise TargetInvalid("serial: wants the port behind it: --target serial:/dev/ttyACM0 or socket://HOST:PORT.")
    # A name for reports and files: its characters are those of a target's folder.
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", port.rpartition("://")[2].removeprefix("/dev/"))
    emulator = PORT_PREFIX.removesuffix(":")
    table = {"description": f"The board at {port}", "emulator": emulator, emulator: {"port": port}}
    return _target({**table, "firmware": INSTALLED}, folder.absolute() / f"{emulator}-{name.strip('-.')}" / FILE_NAME)


def _target(table: dict[str, Any], file: Path) -> Target:
    for reserved in ("name", "folder", "machine", "firmware_of"):
        if reserved in table:
            raise TargetInvalid(f"{file}: {reserved}: is not a key, the harness gives it. Remove it.")
    base = _firmware_of(table, file)
    if base is not None:
        # What describes the image is said once, there.
        shared = {"core", "firmware", "natmod", "memory", "cycles"}
        table = {**base.model_dump(include=shared), **table, "firmware": base.firmware, "firmware_of": base}
    if table.get("firmware") == INSTALLED:
        # Known when the board has been asked.
        table = {"core": "unknown", "natmod": {"arch": architectures.NO_ARCH}, **table}
    if isinstance(table.get("firmware"), dict) and "no_micropython" in table["firmware"]:
        table = {"natmod": {"arch": architectures.NO_ARCH}, **table}
    try:
        table["machine"] = _machine(table)
        # Lists are the only arrays TOML has; the rest is checked strictly.
        table["memory"] = tuple(table.get("memory", ()))
        if isinstance(table.get("cycles"), dict) and "costs" not in table["cycles"]:
            table["cycles"] = {**dict(_core_model(str(table.get("core")), file)), **table["cycles"]}
        return Target(name=file.parent.name, folder=file.parent, **table)
    except (TypeError, ValueError) as error:
        raise TargetInvalid(f"{file} does not describe a target:\n{explain(error)}") from error


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
    if "of" in read_toml(other).get("firmware", {}):
        raise TargetInvalid(f"{file}: firmware.of: {of} has no firmware of its own either. Name the one that has.")
    return _target(read_toml(other), other)


def _core_model(core: str, asked_in: Path) -> CycleModel:
    model = core_model(core)
    if model is None:
        known = ", ".join(sorted(path.stem for path in (targets_dir() / "cores").glob("*.toml")))
        raise TargetInvalid(
            f"{asked_in}: cycles: there is no cycle model of {core!r}, only of {known}. "
            "Give source, error and costs in [cycles] itself, or remove [cycles]."
        )
    return model


def core_model(core: str) -> CycleModel | None:
    """Return the cycle model of a core, None where there is none. Raises TargetInvalid for a file that is wrong."""
    file = targets_dir() / "cores" / f"{core}.toml"
    if not file.is_file():
        return None
    try:
        return CycleModel(**read_toml(file))
    except (ValidationError, TypeError) as error:
        raise TargetInvalid(f"{file} does not describe a core:\n{explain(error)}") from error


def read_toml(file: Path) -> dict[str, Any]:
    """Return what a TOML file holds. Raises TargetInvalid."""
    try:
        return tomllib.loads(read_file(file, TEXT_BYTES).decode())
    except RecursionError:
        raise TargetInvalid(f"{file} is not valid TOML: it is nested too deep.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TargetInvalid(f"{file} is not valid TOML: {error}. Correct that line.") from error
