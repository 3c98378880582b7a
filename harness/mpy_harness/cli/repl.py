"""The command ``repl``: a target's REPL on this terminal, and on a pseudo-terminal for mpremote and other tools."""

from __future__ import annotations

import contextlib
import os
import selectors
import sys
import termios
import tty
from collections.abc import Iterator
from pathlib import Path

from mpy_harness import machines
from mpy_harness.cli.options import GivenFirmware, MicroPython, TargetName
from mpy_harness.errors import MachineryError
from mpy_harness.firmware.image import firmware_for
from mpy_harness.firmware.progress import shown
from mpy_harness.firmware.symbols import Symbols
from mpy_harness.machines import Machine
from mpy_harness.targets import DEFAULT_TARGET, Target, load_target

LEAVE = b"\x1d"  # Ctrl-], as telnet has it
_READ_BYTES = 4096
_WRITE_SECONDS = 10.0
_LAST_BYTES = 4096  # enough for the line that tells of a fault


def command(
    *, target: TargetName = DEFAULT_TARGET, micropython: MicroPython = None, firmware: GivenFirmware = None
) -> None:
    """Talk to a target's REPL here, or from other programs through a pseudo-terminal."""
    chosen = load_target(target)
    with shown() as progress:
        image = firmware_for(chosen, source=micropython, given=firmware, progress=progress).elf
    interact(chosen, image)


def interact(target: Target, image: Path) -> None:
    """Connect terminal and pseudo-terminal to the guest's console until Ctrl-] or the guest's end.

    Without a terminal on standard input, only the pseudo-terminal is served, until SIGINT. Raises GuestFault,
    GuestReset or EmulatorDied for an end that was not the user's.
    """
    with contextlib.ExitStack() as stack:
        machine = machines.kind_of(target).start(image)
        stack.callback(machine.close)
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
