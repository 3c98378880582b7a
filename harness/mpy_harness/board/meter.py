"""Counts regions on a board: which requests are counted, and what the plugin wrote of them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from mpy_harness.counting.attribution import without
from mpy_harness.counting.count import Count, count_of
from mpy_harness.counting.instrument import Records
from mpy_harness.counting.plugin_lines import Kind, Record, parse
from mpy_harness.counting.profile import Profile
from mpy_harness.errors import InexactCount

#: Turns records into call trees, None for a record that has none.
Attribute = Callable[[Sequence[Record]], list[Profile | None]]


class Meter:
    """Reads the plugin's records; ``calibrate`` makes the guest run one empty region of each kind."""

    def __init__(
        self, records: Records, calibrate: Callable[[], None], attribute: Attribute, *, has_names: bool
    ) -> None:
        self.counts: list[Count] = []
        self.records = records
        self._calibrate = calibrate
        self._attribute = attribute
        self._empty: dict[Kind, tuple[Record, Profile | None]] = {}
        self._open: list[Count] = []
        self._listed: list[Count] = []
        self._is_asking = False
        self._how = 2 if has_names else 1

    @property
    def request_mode(self) -> int:
        """Return 0 while requests are not counted, 1 while they are, 2 where the guest is asked for names then."""
        return self._how if self._open and not self._is_asking else 0

    @contextmanager
    def region(self, name: str, *, listed: bool = True) -> Iterator[Count]:
        """Count the requests made meanwhile; the outermost regions are listed in ``counts``."""
        self.collect()  # what was marked before is not in it
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
        if not (count.exact or self._open):
            warnings.warn(
                f"the count of {name or 'a region'!r} is not exact: the guest waited in it (sleep, much output, "
                "writing to flash), and what else ran meanwhile cannot be told apart from it.",
                InexactCount,
                stacklevel=5,  # who wrote `with board.count`
            )

    def calibrate(self) -> None:
        """Learn what the marks of regions take: at the begin of each life, so that all lives are the same."""
        with self._asking():
            self.records.take()
            self._calibrate()
            records = list(parse(self.records.take()))
            trees = self._attribute(records)
            self._empty = {record.kind: (record, tree) for record, tree in zip(records, trees, strict=True)}

    def lose(self) -> None:
        """Take note that the guest ended within the regions that are open: what it took there is not known."""
        for count in self._open:
            count.finished = False

    def collect(self) -> None:
        """Read what was written since the last time, while the guest runs nothing."""
        data = b"" if self._is_asking else self.records.take()
        if data:
            with self._asking():
                self._read(data)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        # The guest, for us: what it runs meanwhile is not to be collected.
        self._is_asking = True
        try:
            yield
        finally:
            self._is_asking = False

    def _read(self, data: bytes) -> None:
        inner: list[Count] = []
        records = list(parse(data))
        for record, tree in zip(records, self._attribute(records), strict=True):
            count = self._count(record, tree)
            if record.kind != "request":
                inner.append(count)
                continue
            for region in self._open:
                region.add(count)
        (self._listed[-1].regions if self._listed else self.counts).extend(inner)

    def _count(self, record: Record, tree: Profile | None) -> Count:
        empty, empty_tree = self._empty.get(record.kind, (None, None))
        if tree is not None and empty_tree is not None:
            tree = without(tree, empty_tree)
        return count_of(record, empty, tree)
