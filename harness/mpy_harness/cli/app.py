"""The command line: thin, the work is done in the modules it calls."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from mpy_harness import __version__, machines, targets
from mpy_harness.cli import compare as _compare
from mpy_harness.cli import demo as _demo
from mpy_harness.cli import doctor as _doctor
from mpy_harness.cli import history as _history
from mpy_harness.cli import profile as _profile
from mpy_harness.cli import program as _program
from mpy_harness.cli import repl as _repl
from mpy_harness.cli import report as _report
from mpy_harness.cli import script as _script
from mpy_harness.cli import sizes as _sizes
from mpy_harness.errors import GuestFailure, HarnessError, MachineryError
from mpy_harness.firmware.image import firmware_for, keep_firmware
from mpy_harness.firmware.progress import shown
from mpy_harness.github import commands
from mpy_harness.measurements.run import schema

GUEST_FAILED = 1
MACHINERY_FAILED = 2

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Boot real MicroPython firmware in emulators and test native modules.",
)
app.add_typer(commands.ci, name="ci")
app.add_typer(_history.history, name="history")
app.command("comment")(commands.comment)
_out = Console(width=None if sys.stdout.isatty() else 1000)  # a pipe has no width to fit into
_err = Console(stderr=True)

MicroPython = Annotated[
    Path | None,
    typer.Option("--micropython", metavar="PATH", help="Folder or archive of MicroPython to use instead of fetching."),
]

GivenFirmware = Annotated[
    Path | None,
    typer.Option("--firmware", metavar="FILE", help="Firmware to use instead of the target's.", dir_okay=False),
]

Target = Annotated[str, typer.Option("--target", metavar="NAME", help="Target to use.")]

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

Timeout = Annotated[float, typer.Option(min=0.1, help="Seconds until the script is stopped.")]


def _print_version(asked: bool) -> None:
    if asked:
        print(f"mpy-harness {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Show the version and exit.")
    ] = False,
) -> None:
    """Take the options that stand before a command."""


@app.command("doctor")
def show_doctor() -> None:
    """Show what is there, what is missing and how to get it; status 0 if the default target is usable."""
    table = _table("", "what", "found")
    remedies = []
    marks = {
        _doctor.State.OK: "[green]ok[/]",
        _doctor.State.MISSING: "[red]missing[/]",
        _doctor.State.OPTIONAL: "[dim]-[/]",
    }
    for finding in _doctor.findings():
        table.add_row(marks[finding.state], finding.name, finding.detail)
        if finding.remedy:
            remedies.append(f"{finding.name}: {finding.remedy}")
    _out.print(table)
    _out.print()
    _print_targets()
    _out.print()
    images = len(_doctor.cached_images())
    _out.print(f"{images} firmware image{'s' * (images != 1)} in the cache.")
    for remedy in remedies:
        _out.print(f"- {remedy}", markup=False, soft_wrap=True)
    raise typer.Exit(0 if _doctor.readiness(targets.DEFAULT_TARGET).usable else 1)


@app.command("setup")
def set_up(
    names: Annotated[list[str] | None, typer.Argument(metavar="TARGET...", help="Targets, m33 if none.")] = None,
    *,
    micropython: MicroPython = None,
    firmware: Annotated[
        Path | None,
        typer.Option("--firmware", metavar="FILE", help="Keep this as a target's published image.", dir_okay=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Build even if the image is there.")] = False,
) -> None:
    """Fetch the emulator of targets and their firmware, or build it, unless it is there."""
    with shown() as progress:
        for name in names or [targets.DEFAULT_TARGET]:
            target = targets.load_target(name)
            if firmware is not None:
                ready = keep_firmware(target, firmware, progress)
            else:
                ready = firmware_for(target, source=micropython, force=force, progress=progress)
            progress.stage(f"{target.name}: MicroPython {ready.provenance.micropython} is ready, {ready.elf}")
            machines.set_up(target, progress)
            try:
                machines.instrument(target, ready.elf, "count", progress)
            except MachineryError as error:  # everything else works without
                progress.stage(f"{target.name}: instructions cannot be counted. {error}")


@app.command("targets")
def list_targets() -> None:
    """List the targets and whether they are ready."""
    _print_targets()


def _print_targets() -> None:
    table = _table("target", "core", "emulator", "modules", "state")
    for name in targets.available():
        state = _doctor.readiness(name)
        try:
            target = targets.load_target(name)
        except HarnessError:
            table.add_row(name, "?", "?", "?", state.detail)
            continue
        default = " (default)" if name == targets.DEFAULT_TARGET else ""
        table.add_row(name + default, target.core, target.emulator, target.natmod.arch, state.detail)
    _out.print(table)


def _table(*headers: str) -> Table:
    return Table(*headers, box=None, pad_edge=False)


@app.command("run")
def run(
    script: Script,
    arguments: Arguments = None,
    *,
    target: Target = targets.DEFAULT_TARGET,
    device_path: DevicePath = None,
    natmods: Natmods = None,
    timeout: Timeout = 600.0,
    micropython: MicroPython = None,
    firmware: GivenFirmware = None,
) -> None:
    """Run a script on a target and leave with its exit status."""
    job = _script.ScriptJob(
        script,
        targets.load_target(target),
        arguments or (),
        tuple(device_path or ()),
        micropython,
        timeout,
        tuple(natmods or ()),
        firmware,
    )
    raise typer.Exit(job.run())


@app.command("profile")
def profile(
    script: Script,
    arguments: Arguments = None,
    *,
    target: Target = targets.DEFAULT_TARGET,
    device_path: DevicePath = None,
    natmods: Natmods = None,
    output: Annotated[Path | None, typer.Option("--output", help="Folder for the files.", file_okay=False)] = None,
    top: Annotated[int, typer.Option(min=1, help="Functions in the table.")] = 20,
    tree: Annotated[bool, typer.Option("--tree", help="Show the call tree as well.")] = False,
    classes: Annotated[
        bool, typer.Option("--classes", help="Run it again for classes of instructions and the estimated time.")
    ] = False,
    timeout: Timeout = 600.0,
    micropython: MicroPython = None,
    firmware: GivenFirmware = None,
) -> None:
    """Run a script on a target, count its instructions and tell which functions took them."""
    job = _script.ScriptJob(
        script,
        targets.load_target(target),
        arguments or (),
        tuple(device_path or ()),
        micropython,
        timeout,
        tuple(natmods or ()),
        firmware,
    )
    raise typer.Exit(_profile.profile_script(job, output, top=top, tree=tree, classes=classes))


def _words(text: str, option: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} cannot be split into words: {error}", param_hint=option) from error


@app.command("program")
def run_program(
    sources: Annotated[list[Path], typer.Argument(metavar="SOURCE.c...", help="C sources, one of them with main().")],
    *,
    target: Target = targets.DEFAULT_TARGET,
    include: Annotated[list[Path] | None, typer.Option("--include", "-I", help="Folder of headers.")] = None,
    cflags: Annotated[str, typer.Option(help="For the compiler, in quotes; the last -O counts.")] = "",
    ldflags: Annotated[str, typer.Option(help="For the linker, as -u _printf_float.")] = "",
    counting: Annotated[
        Literal["count", "classes", "functions", "memory", "off"], typer.Option(help="What to count.")
    ] = "count",
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds until the program is stopped.")] = 60.0,
    elf: Annotated[Path | None, typer.Option("--elf", help="Keep the linked image here.", dir_okay=False)] = None,
    top: Annotated[int, typer.Option(min=0, help="Objects, symbols and functions in tables.")] = 0,
) -> None:
    """Compile plain C for a target, without MicroPython, run it, and tell flash, RAM and instructions."""
    job = _program.ProgramJob(
        sources,
        targets.load_target(target),
        include or (),
        _words(cflags, "--cflags"),
        _words(ldflags, "--ldflags"),
        None if counting == "off" else counting,
        timeout,
        elf,
        top,
    )
    with shown() as progress:
        status = job.run(progress)
    raise typer.Exit(status)


@app.command("report")
def show_report(
    run: Annotated[str, typer.Argument(metavar="RUN", help="What was measured, as for compare.")],
    *,
    base: Annotated[str | None, typer.Option("--base", help="What to compare with, as for compare.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Page with everything.", dir_okay=False)] = None,
    markdown: Annotated[Path | None, typer.Option("--markdown", help="Text for a comment.", dir_okay=False)] = None,
    csv: Annotated[Path | None, typer.Option("--csv", help="All rows.", dir_okay=False)] = None,
    benchmark: Annotated[
        Path | None, typer.Option("--benchmark-json", help="For github-action-benchmark.", dir_okay=False)
    ] = None,
    bencher: Annotated[Path | None, typer.Option("--bencher-json", help="For Bencher.", dir_okay=False)] = None,
    summary: Annotated[bool, typer.Option("--summary", help="Add to the summary of a GitHub job.")] = False,
    annotations: Annotated[bool, typer.Option("--annotations", help="Annotate lines of tests on GitHub.")] = False,
    history: Annotated[
        list[Path] | None, typer.Option("--history", help="A history, or earlier runs, for trends.", exists=True)
    ] = None,
    profiles: Annotated[
        list[Path] | None, typer.Option("--profile", help="profile.json for a flame graph.", exists=True)
    ] = None,
    images: Annotated[
        list[Path] | None, typer.Option("--elf", help="Firmware image for treemaps.", exists=True, dir_okay=False)
    ] = None,
) -> None:
    """Write what a run measured, or how it differs from another one, for people and for other tools."""
    wanted = _report.Wanted(html, markdown, csv, benchmark, bencher, summary, annotations)
    _report.report(_report.Sources(run, base, history or (), profiles or (), images or ()), wanted)


@app.command("compare")
def show_comparison(
    base: Annotated[str, typer.Argument(metavar="BASE", help="File, folder or zip archive; saved baseline; commit.")],
    head: Annotated[str, typer.Argument(metavar="HEAD", help="The same, of what is compared with it.")],
    *,
    path: Annotated[str | None, typer.Option("--path", help="Where commits have their baselines.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Judge what other conditions may have changed.")] = False,
    allow_removed: Annotated[bool, typer.Option("--allow-removed", help="Cases may disappear.")] = False,
    form: Annotated[_compare.Form, typer.Option("--format", help="How to print it.")] = _compare.Form.TABLE,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="All changes, and what thresholds let pass.")
    ] = False,
) -> None:
    """Compare two runs: status 0 if nothing is worse, 1 if something is, 2 if they cannot be compared."""
    status = _compare.compare_sources(
        base, head, path=path, strict=strict, may_disappear=allow_removed, form=form, detailed=verbose
    )
    raise typer.Exit(status)


@app.command("schema")
def show_schema() -> None:
    """Print the JSON schema of files of measurements."""
    print(schema(), end="")


@app.command("sizes")
def show_sizes(
    things: Annotated[
        list[str] | None,
        typer.Argument(metavar="THING...", help="Targets, ELF or .mpy files, natmod folders; none: the target."),
    ] = None,
    *,
    target: Annotated[
        str | None, typer.Option("--target", metavar="NAME", help="Memory map of ELF files, arch of native modules.")
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="Objects and symbols in each table.")] = 15,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    micropython: MicroPython = None,
) -> None:
    """Tell what firmware, an image or a native module takes of flash and RAM, and which symbols it is."""
    chosen = targets.load_target(target) if target else None
    with shown() as progress:
        wanted = things or [target or targets.DEFAULT_TARGET]
        found = {thing: _sizes.sizes_of(thing, chosen, micropython, progress) for thing in wanted}
    print(_sizes.render(found, as_json=as_json, top=top))


@app.command("repl")
def repl(
    *, target: Target = targets.DEFAULT_TARGET, micropython: MicroPython = None, firmware: GivenFirmware = None
) -> None:
    """Talk to a target's REPL here, or from other programs through a pseudo-terminal."""
    chosen = targets.load_target(target)
    with shown() as progress:
        image = firmware_for(chosen, source=micropython, given=firmware, progress=progress).elf
    _repl.interact(chosen, image)


@app.command("demo", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def show_demo(context: typer.Context) -> None:
    """Boot the default target and run the project's cases on it; further arguments go to pytest."""
    raise typer.Exit(_demo.demo(context.args))


def main() -> None:
    """Run the command line; our own errors are messages: status 2 for machinery, 1 for the guest."""
    try:
        app()
    except HarnessError as error:
        _err.print(f"mpy-harness: {error}", markup=False, highlight=False, soft_wrap=True)
        sys.exit(GUEST_FAILED if isinstance(error, GuestFailure) else MACHINERY_FAILED)
