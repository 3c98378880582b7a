"""Counts of regions on a board: which requests are counted, and what the plugin wrote of them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from mpy_harness.board.address_names import AddressNames
from mpy_harness.board.requests import COUNTED, COUNTED_BY_NAME, Requests
from mpy_harness.counting.attribution import without
from mpy_harness.counting.count import Count, count_of
from mpy_harness.counting.instrument import Mode, Records
from mpy_harness.counting.plugin_lines import Doubt, Kind, Record, parse
from mpy_harness.counting.profile import Profile
from mpy_harness.errors import InexactCount
from mpy_harness.firmware.symbols import Symbols

# The firmware's variable that makes it collect garbage before each request (board.h of the targets' C code).
_COLLECTS = "board_collects"

# What may happen to any program.
_UNSURE: dict[Doubt | None, str] = {
    "wait": "the guest waited in it (sleep, much output, writing to flash), and what else ran meanwhile cannot be told "
    "apart from it",
    "left": "QEMU left a block of code at an access to a device, and whether it was counted twice is not known. Count "
    "it again",
}


class Meter:
    """Counts the instructions of requests, as the plugin's records tell them.

    ``symbols`` are those of the firmware, ``mode`` is the plugin's, and ``names`` makes call trees.
    """

    def __init__(self, requests: Requests, symbols: Symbols, names: AddressNames, mode: Mode) -> None:
        self.counts: list[Count] = []
        self._requests = requests
        self._symbols = symbols
        self._names = names
        self._collects = symbols.address(_COLLECTS) or 0
        self._mode = COUNTED_BY_NAME if mode == "functions" else COUNTED
        self._records: Records  # set when the machine starts
        self._empty: dict[Kind, tuple[Record, Profile | None]] = {}
        self._open: list[Count] = []
        self._listed: list[Count] = []
        self._is_asking = False

    def connect(self, records: Records) -> None:
        """Read these records from now on: the machine has started."""
        self._records = records

    @contextmanager
    def region(self, name: str, *, listed: bool = True) -> Iterator[Count]:
        """Count the requests made meanwhile; the outermost regions are listed in ``counts``."""
        self.collect()  # regions that were marked before do not belong to this one
        count = Count(name)
        if listed:
            (self._listed[-1].regions if self._listed else self.counts).append(count)
            self._listed.append(count)
        self._open.append(count)
        try:
            yield count
        finally:
            self._open.pop()
            if listed:
                self._listed.pop()
        for each in (count, *count.regions):
            each.check()
        if count.doubt in _UNSURE and not self._open:
            warnings.warn(
                f"the count of {name or 'a region'!r} is not exact: {_UNSURE[count.doubt]}.",
                InexactCount,
                stacklevel=4,  # who wrote `with board.count`
            )

    def calibrate(self) -> None:
        """Have the guest run one empty region of each kind, to learn what their marks take.

        That is done at the start of each life, so that all lives are the same.
        """
        with self._own_requests():
            self._records.take()
            self._requests.run("calibrate", self._collects)
            records = list(parse(self._records.take()))
            trees = self._names.trees(records)
            self._empty = {record.kind: (record, tree) for record, tree in zip(records, trees, strict=True)}

    def begin(self, *, is_program: bool) -> int:  # noqa: ARG002 - the guest itself tells programs from the rest
        """Have the request that comes counted if a region is open."""
        return self._mode if self._open and not self._is_asking else 0

    def end(self, mode: int) -> None:  # noqa: ARG002 - programs may mark regions in any request
        """Read the records of a request that ended."""
        self.collect()

    def lose(self) -> None:
        """Take note that the guest ended within the regions that are open: what it took there is not known."""
        for count in self._open:
            count.finished = False

    def collect(self) -> None:
        """Read what was written since the last time. The guest must not run anything meanwhile."""
        data = b"" if self._is_asking else self._records.take()
        if data:
            with self._own_requests():
                self._read(data)

    @contextmanager
    def _own_requests(self) -> Iterator[None]:
        # Requests of the meter itself: what they execute is not added to any count.
        self._is_asking = True
        try:
            yield
        finally:
            self._is_asking = False

    def _read(self, data: bytes) -> None:
        inner: list[Count] = []
        records = list(parse(data))
        requests = 0
        for record, tree in zip(records, self._names.trees(records), strict=True):
            count = self._count(record, tree)
            requests += record.kind == "request"
            if record.kind not in {"request", "end"}:
                inner.append(count)
                continue
            if requests > 1:  # of one request: the guest ended and began it in between
                count.doubt_for("end")
            for region in self._open:
                region.add(count)
        (self._listed[-1].regions if self._listed else self.counts).extend(inner)

    def _count(self, record: Record, tree: Profile | None) -> Count:
        empty, empty_tree = self._empty.get(record.kind, (None, None))
        if tree is not None and empty_tree is not None:
            tree = without(tree, empty_tree)
        functions = ((self._symbols.at(address), calls) for address, calls in record.reads)
        reads = {function.name.partition(".")[0]: calls for function, calls in functions if function is not None}
        return count_of(record, empty, tree, reads)
