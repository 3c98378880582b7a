"""Options that several commands have."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from mpy_harness.board.asked import asked
from mpy_harness.counting.guest_time import GuestTime
from mpy_harness.errors import NatmodInvalid
from mpy_harness.firmware.additions import with_make
from mpy_harness.firmware.natmods import MakeWords
from mpy_harness.machines import with_options
from mpy_harness.targets import Target, available, available_parts, load_target

MicroPython = Annotated[
    Path | None,
    typer.Option("--micropython", metavar="PATH", help="Folder or archive of MicroPython to use instead of fetching."),
]

GivenFirmware = Annotated[
    Path | None,
    typer.Option("--firmware", metavar="FILE", help="Firmware to use instead of the target's.", dir_okay=False),
]


FirmwareMake = Annotated[
    list[str] | None,
    typer.Option(
        "--firmware-make",
        metavar="NAME=VALUE",
        help="For MicroPython's make, where firmware is built: USER_C_MODULES=DIR, FROZEN_MANIFEST=FILE.",
    ),
]

EmulatorOptions = Annotated[
    str, typer.Option("--emulator-options", metavar="WORDS", help="More options for the emulator: '-m 32M'.")
]

EmulatorHostOptions = Annotated[
    str,
    typer.Option(
        "--emulator-host-options", metavar="WORDS", help="Those by which guests reach files and programs of the host."
    ),
]


def known_targets(incomplete: str) -> list[str]:
    """Return the targets whose names begin so: for the completion of a shell, which completes paths itself."""
    return [name for name in available() if name.startswith(incomplete)]


def known_parts(incomplete: str) -> list[str]:
    """Return the parts whose names begin so: for the completion of a shell."""
    return [name for name in available_parts() if name.startswith(incomplete)]


PartName = Annotated[
    str | None,
    typer.Option(
        "--part",
        metavar="PART",
        help="Estimate the time on this chip too: its clock, and where its code lies.",
        autocompletion=known_parts,
    ),
]

TargetName = Annotated[
    str, typer.Option("--target", metavar="NAME", help="Target to use.", autocompletion=known_targets)
]

Targets = Annotated[
    list[str] | None,
    typer.Argument(metavar="TARGET...", help="Targets, or patterns; m33 if none.", autocompletion=known_targets),
]

Script = Annotated[Path, typer.Argument(metavar="SCRIPT", help="MicroPython script.", exists=True, dir_okay=False)]

Arguments = Annotated[
    list[str] | None, typer.Argument(metavar="ARGUMENT...", help="For the script's sys.argv; options after --.")
]

DevicePath = Annotated[
    list[Path] | None,
    typer.Option("--device-path", exists=True, file_okay=False, help="Folder of .mpy and .py files to import from."),
]

Natmods = Annotated[
    list[Path] | None,
    typer.Option("--natmods", exists=True, file_okay=False, help="Folder of native modules: folders, or .mpy files."),
]

NatmodMake = Annotated[
    list[str] | None,
    typer.Option("--natmod-make", metavar="WORD", help="For make, of native modules: NAME=VALUE, or its goal."),
]

AsJson = Annotated[bool, typer.Option("--json", help="Print everything as JSON.")]

Memcheck = Annotated[bool, typer.Option("--memcheck", help="Check what native code does to memory.")]

GcStress = Annotated[
    bool, typer.Option("--gc-stress", help="The same, and collect garbage at each allocation in native code.")
]

Unwritten = Annotated[
    bool,
    typer.Option("--memcheck-unwritten", help="As --memcheck, and tell of reads of what nobody has written."),
]

GuestTimeWanted = Annotated[
    GuestTime | None,
    typer.Option("--guest-time", help="What the guest's clock goes by; default: counted instructions, where it can."),
]

Timeout = Annotated[float, typer.Option(min=0.1, help="Seconds until the script is stopped.")]


def make_words(given: Iterable[str] | None, place: str = "--natmod-make") -> MakeWords:
    """Return what make gets for native modules; ``place`` is where on the command line it was said."""
    try:
        return MakeWords.read(given or ())
    except NatmodInvalid as error:
        raise typer.BadParameter(str(error), param_hint=place) from None


def chosen_target(
    name: str, options: str = "", host_options: str = "", firmware_make: Iterable[str] | None = None
) -> Target:
    """Return a target with more options for its emulator and its firmware's makefiles. Raises TargetInvalid."""
    more = (words(options, "--emulator-options"), words(host_options, "--emulator-host-options"))
    return asked(with_make(with_options(load_target(name), *more), firmware_make or (), Path.cwd()))


def words(text: str, option: str) -> list[str]:
    """Return the words of an option's value, as a shell splits them."""
    try:
        return shlex.split(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} cannot be split into words: {error}", param_hint=option) from error
