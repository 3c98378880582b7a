"""The time that a machine has: a clock that slows down while its host lets it wait for a processor."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

_PROC = Path("/proc")
_LOOK_SECONDS = 0.05  # between two looks at the system's figures, which take some 60 microseconds
_LONGEST_WAIT = 0.5  # between two looks at the clock while nothing comes
_LEAST_SHARE = 0.05  # of the host's time passes here in any case: each wait ends


class ThreadWaits:
    """How many seconds each thread of a process, and ours, was ready to run while no processor was free.

    So were those of the processes that it has started: the program may be a script that starts the emulator.

    They are Linux' figures (Documentation/scheduler/sched-stats.rst, ``/proc/<pid>/schedstat``: seconds on a
    processor, seconds in its queue); other systems have none. Linux adds a thread's wait when it is over: a thread that
    has not run between two calls and is ready at both (``proc(5)``, state R) has waited since the first.
    """

    def __init__(self, process: int) -> None:
        self._process = str(process)
        self._ran: dict[str, int] = {}
        self._ready_since: dict[str, float] = {}

    def __call__(self) -> dict[str, float]:
        """Return the seconds by thread."""
        threads = []
        with contextlib.suppress(OSError):
            threads = [(_PROC / "thread-self").resolve(), *_threads(self._process)]
        waits = {}
        for thread in threads:
            with contextlib.suppress(OSError, IndexError, ValueError):
                waits[str(thread)] = self._waited(thread)
        return waits

    def _waited(self, thread: Path) -> float:
        name, now = str(thread), time.monotonic()
        ran, waited = map(int, (thread / "schedstat").read_bytes().split()[:2])
        if self._ran.get(name) != ran or _state(thread) != b"R":
            self._ran[name] = ran
            self._ready_since.pop(name, None)
            return waited / 1e9
        return waited / 1e9 + now - self._ready_since.setdefault(name, now)


def _threads(process: str) -> Iterator[Path]:
    # Of a process and of those below it (proc(5), /proc/<pid>/task/<tid>/children); some may end meanwhile.
    threads = list((_PROC / process / "task").iterdir())
    yield from threads
    for thread in threads:
        with contextlib.suppress(OSError):
            for child in (thread / "children").read_text(encoding="ascii").split():
                yield from _threads(child)


def _state(thread: Path) -> bytes:
    return (thread / "stat").read_bytes().rpartition(b") ")[2][:1]


class Clock:
    """Seconds since some moment, less those in which a machine was kept waiting by other processes of its host.

    A timeout that goes by this clock says the same of a guest on a busy host and on a quiet one. ``waits`` returns how
    long each thread has waited so far, in seconds; without it, and for a board on the desk, it is the host's clock.
    """

    def __init__(self, waits: Callable[[], dict[str, float]] = dict) -> None:
        self._waits = waits
        self._known = waits()
        self._looked_at = self._latest = time.monotonic()
        #: Seconds in which the machine was kept waiting.
        self.lost = 0.0

    def now(self) -> float:
        """Return the time in seconds; it never runs back."""
        if time.monotonic() - self._looked_at >= _LOOK_SECONDS:
            self._look()
        # What was lost since the last look is not known yet.
        self._latest = max(self._latest, time.monotonic() - self.lost)
        return self._latest

    def is_past(self, deadline: float) -> bool:
        """Tell whether it is later than some time of this clock, with what was lost up to this moment left out."""
        self._look()
        return time.monotonic() - self.lost >= deadline

    def _look(self) -> None:
        now, waits = time.monotonic(), self._waits()
        waited = sum(max(0.0, each - self._known.get(thread, 0.0)) for thread, each in waits.items())
        self.lost += min(waited, (1 - _LEAST_SHARE) * (now - self._looked_at))
        self._looked_at, self._known = now, waits


def receive(connection: socket.socket, size: int, clock: Clock, deadline: float) -> bytes:
    """Return the bytes that come next on a connection, ``size`` at most, b"" at its end.

    Raises TimeoutError where none come before a time of the clock, OSError.
    """
    while True:
        connection.settimeout(min(_LONGEST_WAIT, max(0.001, deadline - clock.now())))
        with contextlib.suppress(TimeoutError):
            return connection.recv(size)
        if clock.is_past(deadline):
            raise TimeoutError
