"""A table of instructions by class, with the time that a core would take for them."""

from __future__ import annotations

from mpy_harness.costs.part_time import PartTime
from mpy_harness.counting.count import Count
from mpy_harness.reports.names import printable, share
from mpy_harness.reports.table import aligned
from mpy_harness.targets import Target


def class_lines(count: Count, target: Target) -> list[str]:
    """Return a table of instructions by class, and the estimated time where the target has a cycle model."""
    rows = [["class", "instructions", "share"]]
    for name, number in sorted(count.classes.items(), key=lambda item: -item[1]):
        if number:
            rows.append([name.replace("_", " "), f"{number:,}", share(number, count.instructions)])
    lines = aligned([*rows, ["total", f"{count.instructions:,}", share(count.instructions, count.instructions)]])
    if target.cycles is None:
        return [*lines, f"no time estimate: target {target.name} has no cycle model"]
    return [*lines, f"estimated on a {target.core}: {count.estimate(target.cycles)}"]


def part_lines(time: PartTime) -> list[str]:
    """Return the estimated time on a part, and what is not in it."""
    name = printable(time.part.name)
    lines = [f"estimated on {name} ({time.part.core}): {time}"]
    for memory in map(printable, time.untold):
        lines += [f"{name}: how long code waits for {memory} is not in it: no source tells it (docs/parts.md)."]
    return lines
