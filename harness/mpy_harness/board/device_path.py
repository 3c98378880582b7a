"""Folders of the host that a guest imports from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from mpy_harness.targets import Target

_VERSION = re.compile(r"\d+(\.\d+)*")


def folders_for(device_path: Sequence[Path], target: Target) -> tuple[Path, ...]:
    """Return the folders that a target imports from: of each, first those in it for the target's architecture.

    Package indexes and ``mpy-harness build`` name these ``<arch>_<version>``, as in ``dist/armv7emsp_6.3``. Newer
    versions come first.
    """
    return tuple(place for folder in device_path for place in (*_of_arch(folder, target.natmod.arch), folder))


def import_mounts(device_path: Sequence[Path]) -> dict[str, Path]:
    """Return names in the guest for folders that are to be on its import path."""
    return {f"device_path_{number}": folder for number, folder in enumerate(device_path)}


def _of_arch(folder: Path, arch: str) -> list[Path]:
    versions = {place: place.name.removeprefix(f"{arch}_") for place in folder.glob(f"{arch}_*") if place.is_dir()}
    known = [place for place, version in versions.items() if _VERSION.fullmatch(version)]
    return sorted(known, key=lambda place: [int(number) for number in versions[place].split(".")], reverse=True)
