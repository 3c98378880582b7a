"""Where each frame of a flame graph stands: a fraction of the whole and a level, narrow ones summed up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import nlargest

from mpy_harness.counting.profile import Node, Profile, visits

MIN_SHARE = 0.0001
MAX_FRAMES = 2000


@dataclass(frozen=True)
class Frame:
    """A node as a frame: ``start`` is the count of instructions to its left, ``level`` 0 the region."""

    node: Node
    start: int
    level: int


def frames(profile: Profile) -> list[Frame]:
    """Return the frames, each after the one it is below and those to its left.

    Nodes below MIN_SHARE, and all but the largest MAX_FRAMES, are summed up with their siblings, or left out
    where even their sum is too small. A region without instructions has no frames.
    """
    merged = profile.merged()
    sizes = nlargest(MAX_FRAMES + 1, (node.inclusive for node, entered in visits(merged.root) if entered))
    least = MIN_SHARE
    if len(sizes) > MAX_FRAMES and merged.total:
        # Just above the size of the first frame too many: all of that size are left out with it.
        least = max(least, (sizes[-1] + 0.5) / merged.total)
    smallest = least * merged.total
    return [frame for frame in _placed(merged.pruned(least).root) if 0 < frame.node.inclusive >= smallest]


def _placed(root: Node) -> Iterator[Frame]:
    starts: list[int] = []  # of the next child, for each open node
    for node, entered in visits(root):
        if not entered:
            starts.pop()
            continue
        start = starts[-1] if starts else 0
        yield Frame(node, start, len(starts))
        if starts:
            starts[-1] += node.inclusive
        starts.append(start)
