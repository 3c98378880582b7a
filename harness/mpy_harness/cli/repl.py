"""The command ``repl``: a target's REPL on this terminal, and on a pseudo-terminal for mpremote and other tools."""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import sys
import tempfile
import termios
import tty
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

from mpy_harness import machines
from mpy_harness.board.board import Board
from mpy_harness.board.device_path import folders_for
from mpy_harness.board.hostfiles import HostFiles
from mpy_harness.board.natmod_loader import build_module
from mpy_harness.cli.script_options import GuestOptions, grouped
from mpy_harness.errors import MachineryError
from mpy_harness.firmware.image import firmware_for
from mpy_harness.firmware.natmods import NatmodBuild
from mpy_harness.firmware.progress import shown
from mpy_harness.firmware.symbols import Symbols
from mpy_harness.machines import Machine
from mpy_harness.targets import Target

LEAVE = b"\x1d"  # Ctrl-], as telnet has it
_LIBRARY = "/lib"
_MODULE = re.compile(r"([^./][^/]*/)*[^./][^/]*\.m?py")  # nothing hidden
_READ_BYTES = 4096
_WRITE_SECONDS = 10.0
_LAST_BYTES = 4096  # enough for the line that tells of a fault


@grouped
def command(options: GuestOptions) -> None:
    """Talk to a target's REPL here, or from other programs through a pseudo-terminal.

    The modules of --natmods and --device-path are put into the guest, and can be imported until its next reset.
    """
    chosen = options.chosen()
    with shown() as progress:
        image = firmware_for(chosen, source=options.micropython, given=options.firmware, progress=progress).elf
        build = partial(
            build_module, target=chosen, micropython=options.micropython, progress=progress, words=options.words()
        )
        modules = modules_for(folders_for(options.device_path or (), chosen), options.natmods or (), build)
    interact(chosen, image, modules)


def modules_for(
    paths: Iterable[Path], natmods: Iterable[Path], build: Callable[[Path], NatmodBuild]
) -> dict[str, Path]:
    """Return what the guest is to find, by its path there: files of folders, and what ``build`` makes of modules.

    Of files of the same path, that of the first folder counts.

    Raises NatmodInvalid, ToolMissing.
    """
    found: dict[str, Path] = {}
    for folders, pattern in ((paths, "**/*"), (natmods, "*")):
        for folder in reversed(list(folders)):
            names = (file.relative_to(folder).as_posix() for file in sorted(folder.glob(pattern)) if file.is_file())
            found |= {f"{_LIBRARY}/{name}": folder / name for name in names if _MODULE.fullmatch(name)}
    for folder in natmods:
        for makefile in sorted(folder.glob("*/Makefile")):
            built = build(makefile.parent).path
            found[f"{_LIBRARY}/{built.name}"] = built
    return found


@contextlib.contextmanager
def _started(target: Target, image: Path, modules: Mapping[str, Path]) -> Iterator[Machine]:
    """Start the machine, with these files in its guest; the friendly REPL is on its console."""
    if not modules:
        machine = machines.kind_of(target).start(image)
        try:
            yield machine
        finally:
            machine.close()
        return
    with tempfile.TemporaryDirectory(prefix="mpy-harness-") as folder:
        board = Board(target, image, Path(folder) / "console.log", host_files=HostFiles((), {}))
        try:
            for place, file in modules.items():
                board.files.put(file, place)
            board.exec(f"import sys\nif {_LIBRARY!r} not in sys.path: sys.path.append({_LIBRARY!r})\ndel sys")
            board.console.write_bytes(b"\r\x02")  # from the raw REPL to the one for people
            yield board.machine
        finally:
            board.close()


def interact(target: Target, image: Path, modules: Mapping[str, Path] | None = None) -> None:
    """Connect terminal and pseudo-terminal to the guest's console until Ctrl-] or the guest's end.

    Without a terminal on standard input, only the pseudo-terminal is served, until SIGINT. Raises GuestFault,
    GuestReset or EmulatorDied for an end that was not the user's.
    """
    with contextlib.ExitStack() as stack:
        machine = stack.enter_context(_started(target, image, modules or {}))
        if modules:
            names = ", ".join(sorted({place.removeprefix(f"{_LIBRARY}/") for place in modules}))
            print(f"in {_LIBRARY} until the guest's next reset: {names}", file=sys.stderr)
        pty, name = stack.enter_context(_pseudo_terminal())
        print(f"{target.name} runs. Other programs reach its REPL at {name}:  mpremote connect {name}", file=sys.stderr)
        keyboard = sys.stdin.fileno() if sys.stdin.isatty() else None
        if keyboard is not None:
            print("Ctrl-] leaves.", file=sys.stderr)
            stack.enter_context(_raw(keyboard))
        last = b""
        with contextlib.suppress(KeyboardInterrupt):
            last = _shovel(machine, pty, keyboard)
        ended = machines.explain_end(machine, last, target.name, Symbols(image).describe) if last else None
    print(file=sys.stderr)
    if ended is not None:
        raise ended


@contextlib.contextmanager
def _pseudo_terminal() -> Iterator[tuple[int, str]]:
    # Our own hold on the far side keeps the line up between two programs that open it.
    try:
        master, slave = os.openpty()
    except OSError as error:
        raise MachineryError(f"no pseudo-terminal can be had ({error}): is /dev/pts mounted?") from error
    tty.setraw(slave)
    try:
        yield master, os.ttyname(slave)
    finally:
        os.close(master)
        os.close(slave)


@contextlib.contextmanager
def _raw(descriptor: int) -> Iterator[None]:
    saved = termios.tcgetattr(descriptor)
    tty.setraw(descriptor, termios.TCSADRAIN)  # what was typed ahead is not lost
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, saved)


def _shovel(machine: Machine, pty: int, keyboard: int | None) -> bytes:
    # Returns the last bytes that the guest printed if it was the guest that ended, none if it was the user.
    last = b"\n"
    console = machine.console
    os.set_blocking(pty, False)
    with selectors.DefaultSelector() as selector:
        for source in (console.fileno(), pty, keyboard):
            if source is not None:
                selector.register(source, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select(timeout=1.0):
                if key.fd == console.fileno():
                    try:
                        data = console.read(_READ_BYTES, 0)
                    except TimeoutError:
                        continue
                    except OSError:
                        data = b""
                    if not data:
                        return last
                    last = (last + data)[-_LAST_BYTES:]
                    os.write(sys.stdout.fileno(), data)
                    with contextlib.suppress(BlockingIOError):  # nobody reads there: what does not fit is lost
                        os.write(pty, data)
                    continue
                data = os.read(key.fd, _READ_BYTES)
                if key.fd == keyboard and (LEAVE in data or not data):
                    return b""
                console.write(data, _WRITE_SECONDS)
