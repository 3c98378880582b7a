"""The command ``build``: native modules, as the ``.mpy`` files that are published."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from mpy_harness import architectures
from mpy_harness.cli.failures import show_failure
from mpy_harness.cli.options import MicroPython, make_words
from mpy_harness.cli.status import GUEST_FAILED
from mpy_harness.errors import GuestFailure, MachineryError, NatmodInvalid, ToolMissing
from mpy_harness.firmware import make_variables, mpyfile, toolchain
from mpy_harness.firmware.natmods import MakeWords, NatmodBuild, build_natmod, commands_of
from mpy_harness.firmware.progress import Progress, shown
from mpy_harness.firmware.sources import Source, micropython_source
from mpy_harness.reports.table import aligned
from mpy_harness.resources import write_whole
from mpy_harness.targets import DEFAULT_TARGET, load_target

_COMMANDS = "compile_commands.json"
_SIZES = ("text", "rodata", "bss", "file")


def command(
    words: Annotated[
        list[str], typer.Argument(metavar="MODULE... [VAR=VALUE...]", help="Folders; variables for their makefiles.")
    ],
    *,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="DIR", help="Write DIR/<arch>_<version>/<name>.mpy.", file_okay=False),
    ],
    arch: Annotated[
        list[str] | None,
        typer.Option(
            "--arch", metavar="ARCH", help="Architecture, again for more; none: all that compilers are here for."
        ),
    ] = None,
    target: Annotated[
        list[str] | None, typer.Option("--target", metavar="NAME", help="In place of --arch: that of a target.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Another name than the makefile's: one that is imported.")
    ] = None,
    goal: Annotated[str, typer.Option(metavar="GOAL", help="What make is to make.")] = toolchain.DEFAULT_GOAL,
    commands: Annotated[
        bool, typer.Option("--compile-commands", help=f"Write {_COMMANDS} for editors into the current folder.")
    ] = False,
    micropython: MicroPython = None,
) -> None:
    """Build native modules from their folders into .mpy files, named as package indexes have them."""
    variables = [word for word in words if "=" in word and not Path(word).exists()]
    folders = [Path(word) for word in words if word not in variables]
    if not folders:
        raise typer.BadParameter("give at least one folder", param_hint="MODULE")
    if missing := [str(folder) for folder in folders if not folder.is_dir()]:
        raise typer.BadParameter(f"no folder: {', '.join(missing)}", param_hint="MODULE")
    if arch and target:
        raise typer.BadParameter("--arch and --target exclude each other")
    if name is not None and (len(folders) > 1 or not name.isidentifier()):
        raise typer.BadParameter("a name that can be imported, for one module", param_hint="--name")
    job = BuildJob(folders, output, make_words([goal, *variables], "VAR=VALUE"), micropython, name)
    with shown() as progress:
        job.run(*_wanted(arch, target), progress)
    print("\n".join(job.table()))
    if commands:
        _write(Path(_COMMANDS), [call for folder, build in job.built for call in commands_of(build, folder)])
    raise typer.Exit(GUEST_FAILED if job.failed else 0)


@dataclass
class BuildJob:
    """Modules to build, and what came of it: ``built`` has each build with its folder, ``failed`` counts the others."""

    folders: Sequence[Path]
    output: Path
    words: MakeWords
    micropython: Path | None
    name: str | None = None
    built: list[tuple[Path, NatmodBuild]] = field(default_factory=list)
    failed: int = 0
    _written: dict[Path, Path] = field(default_factory=dict)
    _rows: list[list[str]] = field(default_factory=list)

    def run(self, wanted: Iterable[tuple[str, str]], absent: Sequence[str], progress: Progress) -> None:
        """Build each module for each architecture and release wanted; say what failed, and go on."""
        for name, version in wanted:
            source = micropython_source(version, given=self.micropython, progress=progress)
            for folder in self.folders:
                self._build(folder, name, source, version, progress)
        if unread := self._unread():
            self.failed += 1
            show_failure(NatmodInvalid(make_variables.told(dict.fromkeys(unread, ""))))
        for reason in absent:
            progress.stage(f"left out: {reason}")

    def table(self) -> list[str]:
        """Return the files that were written with their sizes in bytes, as lines."""
        return aligned([["", *_SIZES], *self._rows]) if self._rows else []

    def _unread(self) -> list[str]:
        """Return the variables that no makefile of all that were built reads."""
        given = self.words.variables if self.built else ()
        return [name for name in given if all(name in build.unread for _, build in self.built)]

    def _build(self, folder: Path, arch: str, source: Source, version: str, progress: Progress) -> None:
        try:
            build = build_natmod(
                folder,
                arch,
                source=source,
                micropython=version,
                words=self.words,
                progress=progress,
            )
            self._keep(folder, build)
        except GuestFailure as error:
            self.failed += 1
            show_failure(error)

    def _keep(self, folder: Path, build: NatmodBuild) -> None:
        abi = mpyfile.inspect(build.path).abi
        file = Path(f"{build.arch}_{abi.version}.{abi.sub_version}", f"{self.name or build.name}.mpy")
        if self._written.setdefault(file, folder) != folder:
            raise NatmodInvalid(f"{self._written[file]} and {folder} both make {file}. Build them into two folders.")
        to = self.output / file
        try:
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(build.path, to)
        except OSError as error:
            raise MachineryError(f"{to} cannot be written: {error.strerror}.") from error
        self.built.append((folder, build))
        self._rows.append([str(file), *(f"{build.sizes[name]:,}" for name in _SIZES)])


def _wanted(arches: Sequence[str] | None, names: Sequence[str] | None) -> tuple[list[tuple[str, str]], list[str]]:
    """Return architectures with the release of MicroPython for each, and why others are left out."""
    if names:
        found = {each.natmod.arch: each.tools for each in map(load_target, names)}
        pairs = {(each.natmod.arch, each.tools) for each in map(load_target, names)}
        if len(pairs) > len(found):
            raise typer.BadParameter(
                "two releases for one architecture: build them one after the other", param_hint="--target"
            )
        return list(found.items()), []
    version = load_target(DEFAULT_TARGET).tools
    if arches:
        return [(each, version) for each in dict.fromkeys(arches)], []
    absent = {each: error for each in architectures.buildable_arches() if (error := _missing(each, version))}
    usable = [(each, version) for each in architectures.buildable_arches() if each not in absent]
    if not usable:
        raise next(iter(absent.values()))
    return usable, [f"{each}: {error}" for each, error in absent.items()]


def _missing(arch: str, version: str) -> ToolMissing | None:
    try:
        toolchain.toolchain_for(arch, version)
    except ToolMissing as error:
        return error
    return None


def _write(file: Path, calls: list[dict[str, Any]]) -> None:
    try:
        write_whole(file, json.dumps(calls, indent=1) + "\n")
    except OSError as error:
        raise MachineryError(f"{file} cannot be written: {error.strerror}.") from error
