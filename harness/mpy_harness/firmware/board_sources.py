"""What a target's board is compiled from: its own files, those that it shares, and those made from target.toml."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mpy_harness.errors import TargetInvalid
from mpy_harness.firmware import cache
from mpy_harness.firmware.board_files import board_files, marks_header
from mpy_harness.resources import targets_dir
from mpy_harness.targets import FILE_NAME, PlainBoard, Target

_GENERATED = "GENERATED_DIR"
_BEGIN = "mpconfigboard.mk"  # of a board, for make


@dataclass(frozen=True)
class BoardSources:
    """A board's folders, by the variable of make that names each, and the generated files, by their names.

    make finds these in ``GENERATED_DIR``; they stand in for ``BOARD_DIR`` where the target has no folder of its own.
    """

    folders: Mapping[str, Path]
    generated: Mapping[str, str]

    @property
    def sha256(self) -> str:
        """Return a hash of all that is in them."""
        trees = {name: cache.hash_tree(folder) for name, folder in self.folders.items()}
        return cache.digest({**trees, _GENERATED: dict(self.generated)})

    def put(self, folder: Path) -> dict[str, str]:
        """Put copies into subfolders of ``folder``; return make's variables, which name those."""
        copies = {name: folder / name.lower() for name in (*self.folders, _GENERATED)}
        for name, original in self.folders.items():
            shutil.copytree(original, copies[name], ignore=shutil.ignore_patterns("__pycache__"))
        copies[_GENERATED].mkdir()
        for name, text in self.generated.items():
            (copies[_GENERATED] / name).write_text(text, encoding="utf-8")
        copies.setdefault("BOARD_DIR", copies[_GENERATED])
        return {name: str(copy) for name, copy in copies.items()}

    def copied(self, variables: Mapping[str, str]) -> BoardSources:
        """Return the copies that ``put`` made: they have the same hash unless somebody wrote to the files meanwhile."""
        files = {name: Path(variables[_GENERATED], name).read_text(encoding="utf-8") for name in self.generated}
        return BoardSources({name: Path(variables[name]) for name in self.folders}, files)


def board_folders(target: Target) -> dict[str, Path]:
    """Return the folders of the board of a target that is built, the own one first, by the variable that names each."""
    common = targets_dir() / "boards" / "common" if target.shared_board is not None else None
    folders = {"BOARD_DIR": target.own_board, "SHARED_DIR": target.shared_board, "COMMON_DIR": common}
    return {name: folder for name, folder in folders.items() if folder is not None}


def check_port(target: Target, tree: Path, version: str) -> None:
    """Raise TargetInvalid where a tree of MicroPython lacks the target's port, or that cannot take its board."""
    port = target.built.port
    makefile = tree / "ports" / port / "Makefile"
    if not makefile.is_file():
        file = target.folder / FILE_NAME
        raise TargetInvalid(f"{file}: firmware.port: MicroPython {version} has no port {port!r}.")
    text = makefile.read_text(encoding="utf-8", errors="replace")
    if "boards/$(BOARD)" in text and "$(BOARD_DIR)" not in text:
        raise TargetInvalid(
            f"{target.name} cannot be built from MicroPython {version}: its port {port!r} takes no board from "
            "outside of MicroPython's tree (the Makefile does not look at BOARD_DIR). "
            "The port 'qemu' does from 1.25.0 on: name that release or a later one."
        )
    own = target.own_board
    if own is not None and f"$(BOARD_DIR)/{_BEGIN}" in text and own.is_dir() and not (own / _BEGIN).is_file():
        raise TargetInvalid(
            f"{target.folder / FILE_NAME}: firmware.board: {own} has no {_BEGIN}, which the makefile of MicroPython's "
            f"port {port!r} reads first. Write one; targets/m33 is a target that needs no files of its own."
        )


def board_sources(target: Target) -> BoardSources:
    """Return what the board of a target that is built is compiled from. Raises TargetInvalid."""
    folders = board_folders(target)
    for name, folder in folders.items():
        if not folder.is_dir():
            key = name.removesuffix("_DIR").lower()
            raise TargetInvalid(
                f"{target.folder / FILE_NAME}: firmware.{key}: there is no folder {folder}. "
                "Put the board's files there, or correct the key."
            )
    board = target.compiled.board
    generated = marks_header(target)
    if isinstance(board, PlainBoard) and target.shared_board is not None:
        generated |= board_files(target, board, target.shared_board)
    return BoardSources(folders, generated)
