"""The command ``sizes``: of firmware, of any linked image and of native modules, as tables or as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from mpy_harness.board.natmod_loader import build_module
from mpy_harness.cli.options import AsJson, FirmwareMake, MicroPython, NatmodMake, make_words
from mpy_harness.errors import ImageInvalid
from mpy_harness.firmware.additions import with_make
from mpy_harness.firmware.image import firmware_for
from mpy_harness.firmware.natmods import MakeWords
from mpy_harness.firmware.progress import Progress, shown
from mpy_harness.reports.size_table import size_lines
from mpy_harness.sizes.elf import ElfSizes, read_elf
from mpy_harness.sizes.modules import read_firmware
from mpy_harness.sizes.mpy import MpySizes, read_mpy
from mpy_harness.targets import DEFAULT_TARGET, Target, available, load_target

_ELF, _MPY = b"\x7fELF", b"M"
_SUFFIXES = {".elf", ".mpy"}


def command(
    things: Annotated[
        list[str] | None,
        typer.Argument(metavar="THING...", help="Targets, ELF or .mpy files, natmod folders; none: the target."),
    ] = None,
    *,
    target: Annotated[
        str | None, typer.Option("--target", metavar="NAME", help="Memory map of ELF files, arch of native modules.")
    ] = None,
    natmod_make: NatmodMake = None,
    firmware_make: FirmwareMake = None,
    top: Annotated[int, typer.Option(min=1, help="Objects and symbols in each table.")] = 15,
    as_json: AsJson = False,
    micropython: MicroPython = None,
) -> None:
    """Tell what firmware, an image or a native module takes of flash and RAM, and which symbols it is."""
    chosen = load_target(target) if target else None
    with shown() as progress:
        wanted = things or [target or DEFAULT_TARGET]
        words = make_words(natmod_make)
        found = {
            thing: sizes_of(thing, chosen, micropython, progress, words=words, firmware_make=firmware_make or ())
            for thing in wanted
        }
    print(render(found, as_json=as_json, top=top))


def sizes_of(
    what: str,
    target: Target | None,
    micropython: Path | None,
    progress: Progress,
    *,
    words: MakeWords | None = None,
    firmware_make: Iterable[str] = (),
) -> ElfSizes | MpySizes:
    """Return the sizes of a target's firmware by its name, of a file (ELF or .mpy), or of a native module's folder.

    ``target`` gives the memory map of an image and the architecture of a module; ``words`` are for modules' makefiles,
    ``firmware_make`` for those of firmware. Raises ImageInvalid, TargetInvalid, what building raises, and typer's error
    of a file that is none.
    """
    path = Path(what)
    if path.is_file():
        with path.open("rb") as file:
            begin = file.read(4)
        if begin == _ELF:
            return read_elf(path) if target is None else read_firmware(path, target)
        if begin[:1] == _MPY:
            return read_mpy(path)
        raise ImageInvalid(f"{path} is neither an ELF image nor a .mpy file")
    if path.suffix in _SUFFIXES or (path.exists() and not path.is_dir()):
        why = "is no file: a pipe, a device or a folder" if path.exists() else "does not exist"
        raise typer.BadParameter(f"{what!r} {why}.", param_hint="THING")
    if (path / "Makefile").is_file() and what not in available():
        return read_mpy(build_module(path, target or load_target(DEFAULT_TARGET), micropython, progress, words))
    named = with_make(load_target(what), firmware_make, Path.cwd())
    named.check_micropython()
    if named.is_published:
        raise ImageInvalid(f"the firmware of {what} is published as an image of flash, not as an ELF file: give one.")
    if named.is_installed:
        raise ImageInvalid(f"the firmware of {what} is on the board, and its image is not here: give its ELF file.")
    return read_firmware(firmware_for(named, source=micropython, progress=progress).elf, named)


def render(found: dict[str, ElfSizes | MpySizes], *, as_json: bool, top: int) -> str:
    """Return the sizes of each thing by its name, as tables or as JSON."""
    if as_json:
        return json.dumps({name: as_data(sizes) for name, sizes in found.items()}, indent=1)
    return "\n\n".join("\n".join(size_lines(sizes, name, top)) for name, sizes in found.items())


def as_data(sizes: ElfSizes | MpySizes) -> dict[str, Any]:
    """Return sizes as JSON data: totals, parts and the trees."""
    if isinstance(sizes, MpySizes):
        names = ("arch", "file", "text", "rodata", "bss", "got", "relocations", "names", "parts")
        facts = {name: getattr(sizes, name) for name in names}
        return {"kind": "mpy", **facts, "flash": sizes.flash.as_json(), "ram": sizes.ram.as_json()}
    regions = [
        {"name": r.name, "kind": r.kind, "used": r.used, "length": r.length, "sections": r.sections}
        for r in sizes.regions
    ]
    modules = [
        {"name": each.name, "kind": each.kind, "flash": each.flash.bytes, "ram": each.ram.bytes}
        for each in sizes.modules
    ]
    sections = [vars(section) for section in sizes.sections]
    trees = {"flash": sizes.flash.as_json(), "ram": sizes.ram.as_json()}
    return {"kind": "elf", "parts": sizes.kinds, "regions": regions, "sections": sections, "modules": modules, **trees}
