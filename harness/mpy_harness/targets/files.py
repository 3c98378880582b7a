"""Find and read the ``target.toml`` of a target."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mpy_harness.errors import TargetInvalid
from mpy_harness.resources import targets_dir
from mpy_harness.targets.explain import explain
from mpy_harness.targets.tables import CycleModel
from mpy_harness.targets.target import FILE_NAME, Target

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_VERSION = re.compile(r"\d+\.\d+\.\d+")
DEFAULT_TARGET = "m33"


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
        raise TargetInvalid(f"{file} does not describe a core:\n{explain(error)}") from error


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TargetInvalid(f"{file} is not valid TOML: {error}. Correct that line.") from error
