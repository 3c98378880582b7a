"""Make a target of one's own from another."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from mpy_harness.errors import TargetInvalid
from mpy_harness.targets.files import available, load_target
from mpy_harness.targets.target import FILE_NAME, Target

# A name is a word on command lines, in reports and for make.
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


def copy_target(original: str, folder: Path) -> Target:
    """Copy the folder of a target to a new one, whose name is the folder's; return it.

    What the original shares with others, it shares too. Raises TargetInvalid where that would be no target of its own.
    """
    source = load_target(original)
    if source != load_target(str(source.folder)):
        raise TargetInvalid(
            f"{original} names a release, which a copy says itself: firmware.micropython. Leave it out."
        )
    check_new(folder)
    try:
        shutil.copytree(source.folder, folder, ignore=shutil.ignore_patterns("__pycache__"))
    except OSError as error:
        raise TargetInvalid(f"{folder} cannot be made: {error}. Choose another place.") from error
    copied = load_target(str(folder.absolute()))
    if (lost := _lost(source, copied)) is not None:
        shutil.rmtree(folder)
        raise TargetInvalid(
            f"{source.folder / FILE_NAME} names {lost}, relative to itself. Copy it into a folder beside it: "
            f"{source.folder.parent / folder.name}"
        )
    return copied


def check_new(folder: Path) -> None:
    """Raise TargetInvalid where a folder cannot be that of a new target: its name, or it is there."""
    if _NAME.fullmatch(folder.name) is None or folder.name in available():
        why = "is one that is carried" if folder.name in available() else "has other than letters, digits, - _ and ."
        raise TargetInvalid(f"the folder's name is the target's, and {folder.name!r} {why}. Choose another name.")
    if folder.exists():
        raise TargetInvalid(f"{folder} is there already. Name a folder that is not, or remove it.")


def shared(target: Target) -> str:
    """Return in words what a target has in common with others, which is said elsewhere and not in its folder."""
    if target.firmware_of is not None:
        return f"the image of {target.firmware_of.name}, and what describes it"
    if target.is_installed:
        return "nothing, but what is on the board"
    if target.is_published:
        return "the published image"
    parts = [f"the code in {target.shared_board}"] if target.shared_board is not None else []
    if target.own_board is None:
        parts.append("the chip's header and the flags of the core there")
    if target.cycles is not None:
        parts.append(f"the costs of {target.core}")
    return ", ".join(parts) or "nothing"


def _lost(source: Target, copied: Target) -> str | None:
    """Return a path of a target's file that leads elsewhere from its copy, None where there is none."""
    if source.firmware_of is not None or not source.is_built:
        return None
    if source.shared_board != copied.shared_board:
        return f'shared = "{source.built.shared}"'
    for name, value in source.built.make.items():
        place = (source.folder / value).resolve()
        is_outside = not place.is_relative_to(source.folder)
        if value and is_outside and place.exists() and place != (copied.folder / value).resolve():
            return f'{name} = "{value}"'
    return None
