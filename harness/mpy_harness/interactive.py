"""A target's REPL on this terminal, and on a pseudo-terminal for mpremote and other tools."""

from __future__ import annotations

import contextlib
import os
import selectors
import sys
import termios
import tty
from collections.abc import Iterator
from pathlib import Path

from mpy_harness import emulators
from mpy_harness.emulators import Emulator
from mpy_harness.errors import MachineryError
from mpy_harness.targets import Target

LEAVE = b"\x1d"  # Ctrl-], as telnet has it
_READ_BYTES = 4096


def interact(target: Target, image: Path) -> None:
    """Connect terminal and pseudo-terminal to the guest's console until Ctrl-] or the guest's end.

    Without a terminal on standard input, only the pseudo-terminal is served, until SIGINT.
    """
    with contextlib.ExitStack() as stack:
        emulator = emulators.start(target, image)
        stack.callback(emulator.close)
        pty, name = stack.enter_context(_pseudo_terminal())
        print(f"{target.name} runs. Other programs reach its REPL at {name}:  mpremote connect {name}", file=sys.stderr)
        keyboard = sys.stdin.fileno() if sys.stdin.isatty() else None
        if keyboard is not None:
            print("Ctrl-] leaves.", file=sys.stderr)
            stack.enter_context(_raw(keyboard))
        with contextlib.suppress(KeyboardInterrupt):
            _shovel(emulator, pty, keyboard)
    print(file=sys.stderr)


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
    tty.setraw(descriptor)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, saved)


def _shovel(emulator: Emulator, pty: int, keyboard: int | None) -> None:
    console = emulator.console
    os.set_blocking(pty, False)
    with selectors.DefaultSelector() as selector:
        for source in (console.fileno(), pty, keyboard):
            if source is not None:
                selector.register(source, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select(timeout=1.0):
                data = os.read(key.fd, _READ_BYTES)
                if key.fd == console.fileno():
                    if not data:
                        return
                    os.write(sys.stdout.fileno(), data)
                    with contextlib.suppress(BlockingIOError):  # nobody reads there: what does not fit is lost
                        os.write(pty, data)
                elif key.fd == keyboard and (LEAVE in data or not data):
                    return
                else:
                    console.sendall(data)
