"""What a .mpy file takes: of flash as a file, of RAM when it is loaded.

MicroPython's loader copies machine code and constants into RAM, where it relocates them (py/persistentcode.c of
1.26): a native module takes its text, rodata and bss there, besides the objects that importing it creates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mpy_harness.firmware import mpyfile
from mpy_harness.firmware.mpyfile import MpyFile, Part
from mpy_harness.firmware.natmod_symbols import Layout
from mpy_harness.firmware.natmods import NatmodBuild
from mpy_harness.sizes.linkmap import Piece
from mpy_harness.sizes.symbols import LINKER, Symbol, share_out
from mpy_harness.sizes.tree import SizeTree, merged

_FILE = "(file)"
_CODE = "(native code)"


@dataclass(frozen=True)
class MpySizes:
    """The sizes of a .mpy file in bytes; ``got``, ``relocations`` and ``names`` (qstrs) are numbers of entries.

    ``text``, ``rodata`` and ``bss`` are those of its native module. Where the file was not built here, constants
    are counted as text on architectures that keep them together, and ``got`` is None: the file does not tell.
    ``parts`` are the file's own bytes. ``flash`` is the file, ``ram`` what the loader copies to RAM.
    """

    path: Path
    name: str
    arch: str
    text: int
    rodata: int
    bss: int
    got: int | None
    relocations: int
    names: int
    parts: dict[Part, int]
    flash: SizeTree
    ram: SizeTree

    @property
    def file(self) -> int:
        """Return the bytes of the file."""
        return self.flash.bytes


def read_mpy(module: Path | NatmodBuild) -> MpySizes:
    """Return the sizes of a .mpy file, by object file and symbol where it was built here.

    Raises CorruptModule for what is no whole .mpy file.
    """
    build = module if isinstance(module, NatmodBuild) else None
    path = build.path if build else Path(module)  # type: ignore[arg-type]
    file = mpyfile.inspect(path)
    native = file.native_modules
    size = path.stat().st_size
    text, rodata = sum(len(module.text) for module in native), sum(module.rodata for module in native)
    bss = sum(module.bss for module in native)
    layout = build.layout if build else Layout()
    constants = sum(section.size for section in layout.sections if section.constant and section.space == "text")
    return MpySizes(
        path=path,
        name=path.stem,
        arch=file.abi.arch,
        text=text - constants,
        rodata=rodata + constants,
        bss=bss,
        got=build.sizes["got"] if build else None,
        relocations=sum(module.relocations for module in native),
        names=file.names,
        parts=file.parts or {"header": size},
        flash=_flash(path.stem, size, file, layout),
        ram=merged(path.stem, [*_spaces(layout, {"text": text, "rodata": rodata, "bss": bss})]),
    )


def _flash(name: str, size: int, file: MpyFile, layout: Layout) -> SizeTree:
    native, rodata = file.parts.get("native", 0), file.parts.get("rodata", 0)
    others: dict[str, int] = {part: count for part, count in file.parts.items() if part not in {"native", "rodata"}}
    rest = SizeTree.of(_FILE, others if file.parts else {"unknown format": size})
    return merged(name, [*_spaces(layout, {"text": native, "rodata": rodata}), SizeTree.of(name, [rest])])


def _spaces(layout: Layout, sizes: dict[str, int]) -> Sequence[SizeTree]:
    trees = []
    for space, size in sizes.items():
        pieces = [
            Piece(s.name, space, s.offset, s.size, Path(s.object).name or LINKER)
            for s in layout.sections
            if s.space == space and s.size
        ]
        symbols = [Symbol(v.offset, v.size, v.name) for v in layout.variables if v.space == space]
        if space == "text":
            symbols += [Symbol(f.offset, f.size, f.name) for f in layout.functions]
        if pieces:
            pieces.sort(key=lambda piece: piece.start)
            trees.append(share_out(space, 0, size, pieces, sorted(symbols)))
        elif size:
            unknown = {"text": _CODE, "rodata": "(constants)", "bss": "(variables)"}[space]
            trees.append(SizeTree.of(space, [SizeTree.of(unknown, {space: size})]))
    return trees
