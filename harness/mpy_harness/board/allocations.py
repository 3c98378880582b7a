"""Heap and stack at run time: what a program allocates, how full and how deep it gets, what stays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import combinations
from statistics import median
from typing import Any

from mpy_harness.board.objects import GuestObject
from mpy_harness.board.requests import WATCHED, Requests
from mpy_harness.errors import MemoryUnwatched
from mpy_harness.firmware.symbols import Symbols

_OBJECTS = 16
_LOOKS = 8  # at what is in use, to tell what grows from what is there once
_FIGURES = "board_memory"  # board.h of the targets' C code
#: A function of the guest: an expression, or an object of it.
Function = str | GuestObject


@dataclass
class Allocations:
    """What the requests of a ``with`` block took of heap and stack, in bytes; the heap counts in whole blocks.

    ``count`` is the number of allocations, and of blocks that grew; ``bytes`` their size, whether or not they were
    freed again. ``peak`` is how much more than before was in use at most, with garbage that was not collected yet;
    ``held`` how much more was in use afterwards. ``largest_before`` and ``largest_after`` are the largest free blocks.
    ``stack`` is how deep the stack got from its top, including frames of the interpreter. Each request begins with a
    collection of garbage. ``stayed`` is how much more was in use after each of them than before it.
    """

    name: str = ""
    count: int = 0
    bytes: int = 0
    peak: int = 0
    held: int = 0
    largest_before: int = 0
    largest_after: int = 0
    stack: int = 0
    stayed: list[int] = field(default_factory=list)

    @property
    def leak(self) -> int:
        """Return what each call leaves in use, in bytes: the median over all but the first, which may set up things."""
        return int(median(self.stayed[1:] or self.stayed or [0]))

    def plus(self, other: Allocations) -> Allocations:
        """Return the sum with a later region; peak and stack are the larger ones."""
        return Allocations(
            self.name,
            self.count + other.count,
            self.bytes + other.bytes,
            max(self.peak, other.peak),
            self.held + other.held,
            self.largest_before,
            other.largest_after,
            max(self.stack, other.stack),
            self.stayed + other.stayed,
        )


@dataclass(frozen=True)
class Leak:
    """What ``rounds`` of creating, using and deleting an object leave on the heap, in bytes."""

    bytes: int
    rounds: int

    @property
    def each(self) -> float:
        """Return what each round leaves, in bytes."""
        return self.bytes / self.rounds


class Heap:
    """The heap of a board (``board.heap``); all figures are bytes, after a collection."""

    def __init__(self, requests: Requests, symbols: Symbols) -> None:
        self._requests = requests
        self._address = symbols.address(_FIGURES) or 0
        #: What importing each module took, by name.
        self.imports: dict[str, int] = {}

    def used(self) -> int:
        """Return what is in use, including the harness's program in the guest."""
        return int(self._requests.run("heap", self._address))

    def import_from(self, folder: str, name: str) -> tuple[Any, str | None]:
        """Import a module in the guest, note what that took, and return it and which file it came from.

        None is one that is built into the firmware.
        """
        module, origin, self.imports[name] = self._requests.run("import", self._address, name, folder)
        return module, origin

    def of(self, create: Function, *args: Any, count: int = _OBJECTS) -> int | float:
        """Return how much an object takes that ``create(*args)`` returns.

        ``create`` is the name of a function in the guest, an expression, or an object. The result is the mean over
        ``count`` objects after a first one, which may set up what they share.
        """
        one, all_of_them = self._requests.run("heap_of", self._address, create, list(args), count)
        each = (all_of_them - one) / count
        return int(each) if each.is_integer() else each

    def leak(
        self,
        create: Function,
        *args: Any,
        use: Function | None = None,
        delete: Function | None = None,
        rounds: int = 1000,
        timeout: float | None = None,
    ) -> Leak:
        """Call ``create(*args)``, call ``use`` and ``delete`` with what it returns and forget that, again and again.

        Return how much more is in use after ``rounds`` of that. It is looked at several times meanwhile, and the median
        of the slopes between all pairs of looks is taken (Sen, Journal of the American Statistical Association 63,
        1968): what is set up for good, or kept by the collector because something looks like a pointer to it, is no
        leak. A round before all others is not counted.
        """
        if rounds < 1:
            raise ValueError(f"rounds must be 1 or more, not {rounds}")
        parts = min(_LOOKS, rounds)
        looks = []
        done = 0
        for part in range(parts + 1):
            more = rounds * part // parts - done if part else 1
            # The guest makes one more round than it is told. What it says of them alone is no measure: the last object
            # of each request may look as if it were in use, until the next one.
            self._requests.run("leak_of", self._address, create, list(args), [use, delete], more - 1, timeout=timeout)
            done += more if part else 0
            looks.append((done, self.used()))
        slope = median((more - less) / (later - sooner) for (sooner, less), (later, more) in combinations(looks, 2))
        return Leak(max(0, round(slope * rounds)), rounds)


@dataclass
class _Look:
    # Figures of the firmware, as guest/allocations.py reads them.
    count: int
    allocated: int
    start: int
    used: int
    peak: int
    largest: int
    stack: int


class MemoryWatch:
    """Watches what requests take of heap and stack, as the firmware with these symbols counts it."""

    def __init__(self, requests: Requests, symbols: Symbols) -> None:
        #: What was taken in regions so far.
        self.allocated: list[Allocations] = []
        self._requests = requests
        self._address = symbols.address(_FIGURES)
        self._open: list[Allocations] = []
        self._is_asking = False
        self._life = -1
        self._last: _Look | None = None  # None: something that is not watched may have changed the heap since

    @contextmanager
    def region(self, name: str, *, listed: bool = True) -> Iterator[Allocations]:
        """Watch the requests that are made meanwhile; the region is in ``allocated`` if ``listed``.

        Raises MemoryUnwatched.
        """
        if self._address is None:
            raise MemoryUnwatched(
                f"allocations cannot be counted: the firmware of target {self._requests.target} does not count them. "
                "Use a target whose firmware the harness builds (m33), or board.heap.used() for what is in use."
            )
        self._last = self._look()
        region = Allocations(name, largest_before=self._last.largest, largest_after=self._last.largest)
        self._open.append(region)
        if listed:
            self.allocated.append(region)
        try:
            yield region
        finally:
            self._open = [other for other in self._open if other is not region]

    def begin(self, *, is_program: bool) -> int:
        """Have the request that comes watched if it runs a program and a region is open."""
        if not self._open or self._is_asking:
            return 0
        if not is_program:
            self._last = None
            return 0
        if self._last is None or self._life != self._requests.life:
            self._last = self._look()
        return WATCHED

    def end(self, mode: int) -> None:
        """Add the figures of the request that was just watched."""
        if not mode & WATCHED:
            return
        before, now = self._last, self._look()
        self._last = now
        stayed = now.used - before.used if before else 0
        for region in self._open:
            region.count += now.count
            region.bytes += now.allocated
            region.peak = max(region.peak, region.held + now.peak - now.start)
            region.held += stayed
            region.stayed.append(stayed)
            region.largest_after = now.largest
            region.stack = max(region.stack, now.stack)

    def lose(self) -> None:
        """Do nothing: what a request took that ended with its guest is not known, and is in no region."""

    def _look(self) -> _Look:
        self._is_asking = True
        try:
            if self._life != self._requests.life:
                self._requests.run("watch", self._address)
                self._requests.run("figures")  # what that sets up for good is there when a region begins
                self._life = self._requests.life
            self._requests.run("look")
            return _Look(*self._requests.run("figures"))
        finally:
            self._is_asking = False
