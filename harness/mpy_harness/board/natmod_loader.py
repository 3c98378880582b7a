"""Build a native module for a board and load it, or load its pure-Python form."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from mpy_harness.board.board import Board
from mpy_harness.board.objects import GuestObject
from mpy_harness.errors import NatmodInvalid
from mpy_harness.firmware import make_variables
from mpy_harness.firmware.natmods import MakeWords, NatmodBuild, build_natmod
from mpy_harness.firmware.progress import Progress, Silent
from mpy_harness.firmware.sources import micropython_source
from mpy_harness.resources import natmods_dir
from mpy_harness.targets import Target

Form = Literal["native", "python"]


class GuestModule(GuestObject):
    """A module in the guest. ``build`` describes its .mpy file; it is None for a pure-Python form.

    ``heap`` is how much of the heap importing it took, in bytes.
    """

    def __init__(self, module: GuestObject, build: NatmodBuild | None, heap: int) -> None:
        self._requests = module._requests  # noqa: SLF001 - it stands for the same object
        self._life = module._life  # noqa: SLF001
        self.number = module.number
        self._methods = set()
        self._module = module  # kept, because the guest forgets the object when this stand-in is gone
        self.build = build
        self.heap = heap


@dataclass(repr=False)
class ModuleLoader:
    """The fixture ``natmod``: call it with a module's name or folder.

    A name means a folder of that name below one of ``folders``, then one with a Makefile in the current folder or one
    of ``bases``, then one that the harness carries; a path is relative to the current folder, or else to one of
    ``bases``. ``words`` are for all makefiles. ``built`` are what was built, each with the name of its target.
    """

    board: Board
    folders: tuple[Path, ...] = ()
    bases: tuple[Path, ...] = ()
    micropython: Path | None = None
    words: MakeWords = field(default_factory=MakeWords)
    progress: Progress = field(default_factory=Silent)
    built: list[tuple[NatmodBuild, str]] = field(default_factory=list)

    def __call__(
        self,
        name: str | Path,
        form: Form = "native",
        *,
        goal: str | None = None,
        variables: Mapping[str, str] | None = None,
        board: Board | None = None,
    ) -> GuestModule:
        """Build the module for the board's arch if need be, load it and return it.

        ``goal`` and ``variables`` are for its makefile, as on make's command line; they go before those that all
        makefiles get. ``board`` is another one than the test's first.
        """
        board = board or self.board
        folder = self.folder(name)
        if form == "python":
            file = folder / f"{folder.name}_python.py"
            if not file.is_file():
                raise NatmodInvalid(f"{folder.name} has no pure-Python form: there is no {file}")
            place = f"/python/{file.name}"
            board.files.put(file, place)
            module = board.import_module(file.stem, place)
            return GuestModule(module, None, board.heap.imports[file.stem])
        words = MakeWords(goal or self.words.goal, {**self.words.variables, **(variables or {})})
        build = build_module(folder, board.target, self.micropython, self.progress, words)
        if unread := {each: close for each, close in build.unread.items() if each in (variables or {})}:
            raise NatmodInvalid(f"the native module {folder}: {make_variables.told(unread)}")
        self.built.append((build, board.target.name))
        module = board.import_native(build)
        return GuestModule(module, build, board.heap.imports[build.name])

    def folder(self, name: str | Path) -> Path:
        """Return the folder of a module's sources. Raises NatmodInvalid."""
        here, is_path = [root / name for root in (Path.cwd(), *self.bases)], "/" in str(name)
        named = [] if is_path else [root / name for root in self.folders]
        carried = [] if is_path else [natmods_dir() / name]
        candidates = list(dict.fromkeys([*named, *here, *carried]))
        for folder in candidates:
            # Many a folder has a short name; one that is meant by it has a Makefile.
            if folder.is_dir() and (is_path or folder not in here or (folder / "Makefile").is_file()):
                return folder
        there = {path.parent.name for folder in candidates for path in folder.parent.glob("*/Makefile")}
        close = difflib.get_close_matches(Path(name).name, there, n=1)
        raise NatmodInvalid(
            f"there is no native module {str(name)!r}"
            + (f", did you mean {close[0]!r}?" if close else ".")
            + "".join(f"\n  looked for {folder}" for folder in candidates)
            + "\nGive a name below --natmods (configuration: mpy_natmods), or the path of a folder with a Makefile."
        )

    def __repr__(self) -> str:
        return f"<natmod loader of {self.board.target.name}>"


def build_module(
    folder: Path,
    target: Target,
    micropython: Path | None = None,
    progress: Progress | None = None,
    words: MakeWords | None = None,
) -> NatmodBuild:
    """Build a native module for a target from its folder, unless the cache has it, and return what was built."""
    version = target.tools
    source = micropython_source(version, given=micropython, progress=progress or Silent())
    return build_natmod(
        folder,
        target.natmod.arch,
        source=source,
        micropython=version,
        words=words,
        progress=progress,
    )
