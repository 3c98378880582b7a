"""The time that a machine has: a clock that slows down while its host lets it wait for a processor."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

_PROC = Path("/proc")
_LOOK_SECONDS = 0.05  # between two looks at the system's figures, which take some 60 microseconds
_LEAST_SHARE = 0.05  # of the host's time passes here in any case: each wait ends


def waits_of(process: int) -> dict[str, float]:
    """Return how many seconds each thread of a process, and ours, was ready to run while no processor was free.

    They are Linux' figures (Documentation/scheduler/sched-stats.rst, ``/proc/<pid>/schedstat``, the second one); other
    systems have none, and nothing is returned.
    """
    threads = []
    with contextlib.suppress(OSError):
        threads = [(_PROC / "thread-self").resolve(), *(_PROC / str(process) / "task").iterdir()]
    waits = {}
    for thread in threads:
        with contextlib.suppress(OSError, IndexError, ValueError):
            waits[str(thread)] = int((thread / "schedstat").read_bytes().split()[1]) / 1e9
    return waits


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
