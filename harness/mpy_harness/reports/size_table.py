"""Sizes on the terminal: regions with how full they are, sections, the biggest object files and symbols."""

from __future__ import annotations

from collections import Counter

from mpy_harness.reports.names import printable, shortened
from mpy_harness.reports.table import aligned
from mpy_harness.sizes.elf import ElfSizes, Region
from mpy_harness.sizes.mpy import MpySizes
from mpy_harness.sizes.tree import SizeTree

_BAR = 20
_NAME = 48
_OBJECT = 32


def size_lines(sizes: ElfSizes | MpySizes, title: str, top: int) -> list[str]:
    """Return the tables of an image or a .mpy file, with the ``top`` biggest of each table."""
    return image_lines(sizes, title, top) if isinstance(sizes, ElfSizes) else module_lines(sizes, title, top)


def image_lines(sizes: ElfSizes, title: str, top: int) -> list[str]:
    """Return the tables of a firmware image or a program."""
    rows = [["region", "kind", "used B", "of B", "full", ""]]
    rows += [[region.name, region.kind, f"{region.used:,}", *_fill(region)] for region in sizes.regions]
    lines = [printable(title), "", *aligned(rows), ""]
    stored = f"flash {sizes.flash.bytes:,} B = text + rodata + data"
    lines += [f"{stored}, RAM {sizes.ram.bytes:,} B = data + bss + stack", ""]
    lines += aligned([["part", "bytes"], *([kind, f"{size:,}"] for kind, size in sizes.kinds.items())])
    sections = [
        [section.name, section.kind, f"{section.size:,}", f"{section.address:#010x}"] for section in sizes.sections
    ]
    lines += ["", *aligned([["section", "part", "bytes", "address"], *sections])]
    lines += _modules(sizes)
    for region in sizes.regions:
        lines += _biggest(region.tree, f"of {region.name}", top)
    return lines


def _modules(sizes: ElfSizes) -> list[str]:
    rows = [
        [shortened(printable(each.name), _NAME), each.kind, f"{each.flash.bytes:,}", f"{each.ram.bytes:,}"]
        for each in sizes.modules
    ]
    return ["", *aligned([["module", "kind", "flash B", "RAM B"], *rows])] if rows else []


def module_lines(sizes: MpySizes, title: str, top: int) -> list[str]:
    """Return the tables of a .mpy file."""
    rows = [["part of the file", "bytes"], *([part, f"{size:,}"] for part, size in sizes.parts.items() if size)]
    lines = [f"{printable(title)} ({sizes.arch})", "", *aligned([*rows, ["file", f"{sizes.file:,}"]])]
    loaded = {"text": sizes.text, "rodata": sizes.rodata, "bss": sizes.bss}
    rows = [["loaded to RAM", "bytes"], *([part, f"{size:,}"] for part, size in loaded.items())]
    lines += ["", *aligned([*rows, ["RAM", f"{sizes.ram.bytes:,}"]]), ""]
    got = "unknown" if sizes.got is None else f"{sizes.got:,}"
    lines += [f"{sizes.names:,} names, {sizes.relocations:,} relocations, GOT entries: {got}"]
    return lines + _biggest(SizeTree("", sizes.ram.bytes, (sizes.ram,)), "in RAM", top, with_objects=False)


def _fill(region: Region) -> list[str]:
    if not region.length:
        return ["", "", ""]
    share = min(region.used / region.length, 1)
    filled = round(share * _BAR) or (1 if region.used else 0)
    return [f"{region.length:,}", f"{region.used / region.length:.1%}", "█" * filled + "░" * (_BAR - filled)]


def _biggest(tree: SizeTree, where: str, top: int, *, with_objects: bool = True) -> list[str]:
    lines: list[str] = []
    if with_objects and tree.children:
        rows = [[shortened(printable(child.name), _NAME), f"{child.bytes:,}"] for child in tree.children[:top]]
        lines += ["", *aligned([[f"biggest objects {where}", "bytes"], *rows])]
    symbols: Counter[tuple[str, str]] = Counter()
    for path, size in tree.leaves():
        symbols[path[-1], path[-2] if len(path) > 1 else ""] += size
    ordered = sorted(symbols.items(), key=lambda item: (-item[1], item[0]))[:top]
    rows = [
        [shortened(printable(symbol), _NAME), shortened(printable(home), _OBJECT), f"{size:,}"]
        for (symbol, home), size in ordered
    ]
    return [*lines, "", *aligned([[f"biggest symbols {where}", "object", "bytes"], *rows])] if rows else lines
