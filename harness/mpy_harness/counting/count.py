"""What a counted region came to."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from mpy_harness.costs.cycles import BESIDE, Estimate, estimate
from mpy_harness.counting.attribution import REGION
from mpy_harness.counting.plugin_lines import Doubt, MemoryUse, Record
from mpy_harness.counting.profile import Function, Node, Profile
from mpy_harness.errors import CountInvalid
from mpy_harness.targets import Cycles

_TAMPERED = {
    "pause": "it ended while counting was paused, and guest code did not end that pause",
    "begin": "guest code executed the mark with which the harness begins to count",
    "end": "guest code executed the mark with which the harness ends a count",
}


@dataclass(eq=False)
class Count:
    """A region: its instructions, and more where the board counts in another mode.

    ``classes`` (mode "classes") are instructions by class, those of none included, and add up to ``instructions``,
    ``words`` what they loaded and stored and how loads follow each other; ``memory`` is that of
    mode "memory", ``profile`` the call tree of mode "functions". ``regions`` are those that the guest
    marked in it. ``finished`` is False where the guest, or the region itself, did not come to its end. ``doubt`` is why
    the count is not ``exact``. ``reads`` are calls of the firmware's functions that tell the time or give random
    numbers: with any, the count is not the same in the next run.
    """

    name: str
    instructions: int = 0
    classes: dict[str, int] = field(default_factory=dict)
    words: dict[str, int] = field(default_factory=dict)
    memory: MemoryUse | None = None
    profile: Profile | None = None
    regions: list[Count] = field(default_factory=list)
    finished: bool = True
    doubt: Doubt | None = None
    reads: dict[str, int] = field(default_factory=dict)

    @property
    def exact(self) -> bool:
        """Tell whether the count is that of the program alone, and all of it."""
        return self.doubt is None

    def check(self) -> None:
        """Raise CountInvalid where the guest executed marks by which the count left out something."""
        if why := _TAMPERED.get(self.doubt or ""):
            raise CountInvalid(
                f"the count of {self.name or 'a region'!r} is not what the program took: {why}. Marks are instructions "
                "that do nothing (docs/counting.md): let harness_mark execute them alone."
            )

    def estimate(self, model: Cycles | None, clock: int | None = None) -> Estimate:
        """Return the estimated cycles and time by a core's cycle model (``target.cycles``), at a clock in Hz.

        Raises ValueError unless the board counts in the mode "classes", and for a target that has no model (None).
        """
        if model is None:
            raise ValueError(
                "there is no cycle model to estimate with: this target's core has none, because no published cycle "
                "counts bear one out. Compare instructions, or take the model of another target (docs/counting-time.md)"
            )
        if not self.classes:
            raise ValueError(
                "no classes of instructions were counted, which an estimate is made of: run with --counting classes, "
                'or mark the test with pytest.mark.counting("classes")'
            )
        return estimate({**self.classes, **self.words}, model, clock)

    def doubt_for(self, reason: Doubt | None) -> None:
        """Take note of a reason to doubt the count; one that says that something was left out comes first."""
        if self.doubt is None or (reason in _TAMPERED and self.doubt not in _TAMPERED):
            self.doubt = reason

    def __getitem__(self, name: str) -> Count:
        """Return the sum of the guest's regions of that name."""
        found = [region for region in self.regions if region.name == name]
        if not found:
            names = ", ".join(sorted({repr(region.name) for region in self.regions})) or "none"
            raise KeyError(f"the guest marked no region {name!r} here, but {names}")
        total = Count(name)
        for region in found:
            total.add(region)
        return total

    def add(self, other: Count) -> None:
        """Add another region's figures; its lines and stack count where they are more than this one's."""
        self.instructions += other.instructions
        self.classes = _sum(self.classes, other.classes)
        self.words = _sum(self.words, other.words)
        self.memory = _together(self.memory, other.memory)
        if other.profile is not None:
            self.profile = _joined(self.name, self.profile, other.profile)
        self.doubt_for(other.doubt)
        self.reads = _sum(self.reads, other.reads)
        self.finished &= other.finished


def count_of(
    record: Record, empty: Record | None, profile: Profile | None = None, reads: dict[str, int] | None = None
) -> Count:
    """Return what a record says without what its marks took, which the record of an empty region tells.

    ``reads`` are those of the record, by the functions' names.
    """
    if empty is None:
        empty = Record(name="", depth=0, instructions=0, finished=True, exact=True)
    classes = Counter(record.classes)
    classes.subtract(empty.classes)
    return Count(
        name=record.label,
        instructions=record.instructions - empty.instructions,
        classes={re.sub("[ -]", "_", name): classes[name] for name in record.classes},
        words=_words(record, empty) if record.classes else {},
        memory=_without(record.memory, empty.memory),
        profile=profile,
        finished=record.finished,
        doubt=record.doubt,
        reads=reads or {},
    )


def regions_of(counts: Iterable[Count]) -> Iterator[Count]:
    """Return regions and those inside them."""
    for count in counts:
        yield count
        yield from regions_of(count.regions)


def _words(record: Record, empty: Record) -> dict[str, int]:
    # What the architecture does not tell is left out: it is not known to be zero.
    told = [name for name in BESIDE if getattr(record, name) is not None]
    return {name: getattr(record, name) - (getattr(empty, name) or 0) for name in told}


def _sum(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    # What is zero stays: no division is something to assert.
    return {name: one.get(name, 0) + other.get(name, 0) for name in {**one, **other}}


def _without(memory: MemoryUse | None, empty: MemoryUse | None) -> MemoryUse | None:
    if memory is None or empty is None:
        return memory
    summed = ("loads", "stores", "bytes_loaded", "bytes_stored")
    return memory.model_copy(update={name: getattr(memory, name) - getattr(empty, name) for name in summed})


def _together(one: MemoryUse | None, other: MemoryUse | None) -> MemoryUse | None:
    if one is None or other is None:
        return one or other
    return MemoryUse(
        loads=one.loads + other.loads,
        stores=one.stores + other.stores,
        bytes_loaded=one.bytes_loaded + other.bytes_loaded,
        bytes_stored=one.bytes_stored + other.bytes_stored,
        lines=max(one.lines, other.lines),
        stack=max(one.stack, other.stack),
    )


def _joined(name: str, one: Profile | None, other: Profile) -> Profile:
    first, second = (one or other).root, other.root
    root = Node(Function(name or "(unnamed)", "", REGION), first.calls, first.exclusive, list(first.children))
    if one is not None:
        root.calls += second.calls
        root.exclusive += second.exclusive
        root.children += second.children
    return Profile(name, other.target, root).merged()
