"""A board on the desk, for tests: a real one but for its chip, which is QEMU's, behind a pseudo-terminal of ours.

The port is a link whose name stays, as those of udev do. It can be unplugged and plugged in again, and what is on the
line can be delayed, changed or lost.
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import threading
import time
import tty
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.pseudo_terminals import pseudo_terminal

#: Changes bytes on the line.
Line = Callable[[bytes], bytes]

_BYTES = 4096
_ENDING_SECONDS, _WAIT_SECONDS = 5.0, 60.0


def _as_it_is(data: bytes) -> bytes:
    return data


class Desk:
    """A board that is on. ``to_board`` and ``to_host`` are what the line does to bytes; ``delay`` is in seconds."""

    def __init__(self, command: Sequence[str | Path], folder: Path) -> None:
        self.to_board: Line = _as_it_is
        self.to_host: Line = _as_it_is
        self.delay = 0.0
        self.starts = 0
        self.port = folder / "port"
        self._command = command
        self._lock = threading.Lock()  # of the pseudo-terminal, which may be unplugged
        self._ends: tuple[int, int] | None = None
        self._stop = threading.Event()
        self._process: subprocess.Popen[bytes]
        self.plug_in()  # first: where there is no pseudo-terminal, the test skips, and nothing runs yet
        self.power_on()
        self._thread = threading.Thread(target=self._pass_on, daemon=True)
        self._thread.start()

    @property
    def target(self) -> str:
        """Return what --target takes."""
        return f"serial:{self.port}"

    def plug_in(self) -> None:
        """Give the port's name a new pseudo-terminal."""
        master, slave = pseudo_terminal()
        tty.setraw(slave)
        os.set_blocking(master, False)
        with self._lock:
            self._ends = master, slave
            self.port.symlink_to(os.ttyname(slave))

    def unplug(self) -> None:
        """Take the port away, whoever has it open."""
        with self._lock:
            ends, self._ends = self._ends, None
            self.port.unlink()
        for end in ends or ():
            os.close(end)

    def power_on(self) -> None:
        """Start the board as after power-on."""
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        os.set_blocking(self._process.stdout.fileno(), False)
        self.starts += 1

    def power_off(self) -> None:
        """End the board."""
        with self._lock:
            self._process.kill()
            self._process.communicate(timeout=_ENDING_SECONDS)

    @contextlib.contextmanager
    def power_cycle_when(self, asked: Path) -> Iterator[None]:
        """Return a context in which the board is switched off and on when somebody makes that file."""
        over = threading.Event()

        def wait() -> None:
            while not over.wait(0.05):
                if asked.exists():
                    asked.unlink()
                    self.power_off()
                    self.power_on()

        thread = threading.Thread(target=wait, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join(_ENDING_SECONDS)

    @staticmethod
    def wait_until(condition: Callable[[], bool]) -> None:
        """Wait until something is so."""
        deadline = time.monotonic() + _WAIT_SECONDS
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def close(self) -> None:
        """End it all."""
        self._stop.set()
        self._thread.join(_ENDING_SECONDS)
        self.power_off()
        if self._ends is not None:
            self.unplug()

    def _pass_on(self) -> None:
        while not self._stop.is_set():
            with self._lock:
                if self._ends is None or self._process.poll() is not None:
                    time.sleep(0.01)
                    continue
                master, output = self._ends[0], self._process.stdout
                assert output is not None
                ready, _, _ = select.select([master, output.fileno()], [], [], 0.02)
                if ready:
                    time.sleep(self.delay)
                with contextlib.suppress(OSError):
                    if master in ready:
                        self._to_board(os.read(master, _BYTES))
                    if output.fileno() in ready:
                        self._to_host(master, os.read(output.fileno(), _BYTES))

    def _to_board(self, data: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(self.to_board(data))
        self._process.stdin.flush()

    def _to_host(self, master: int, data: bytes) -> None:
        rest = self.to_host(data)
        while rest:
            with contextlib.suppress(BlockingIOError):  # nobody reads at the moment: nobody is there, perhaps
                rest = rest[os.write(master, rest) :]
                continue
            if not select.select([], [master], [], 0.2)[1]:
                return
