"""A profile as a callgrind file, for KCachegrind and callgrind_annotate.

The format is that of "Callgrind Format Specification" in the Valgrind documentation, version 1. Modules stand as
objects and as files; there are no source lines, so every cost is on line 0.
"""

from __future__ import annotations

from collections.abc import Iterator

from mpy_harness.counting.profile import Arc, Function, Node, Profile
from mpy_harness.reports.names import NO_MODULE, printable


def callgrind(profile: Profile) -> str:
    """Return the text of a callgrind file with functions' own instructions and the inclusive ones of their calls.

    Calls of a function that is running already are listed without instructions, see ``Arc``: both programs
    add up what leads to a function.
    """
    # KCachegrind begins with the first function by name, and finds cycles only from a function outside of them.
    root, function = profile.root, profile.root.function
    region = Function(f"(region) {function.name}", function.module, function.kind)
    tree = Node(region, root.calls, root.exclusive, root.children)
    return "\n".join(_lines(Profile(profile.name, profile.target, tree))) + "\n"


def _lines(profile: Profile) -> Iterator[str]:
    yield from (
        "# callgrind format",
        "version: 1",
        "creator: mpy-harness",
        f"cmd: {printable(profile.name)}",
        f"desc: Target: {printable(profile.target)}",
        "positions: line",
        "event: Instructions : Instructions executed",
        "events: Instructions",
        f"summary: {profile.total}",
    )
    calls: dict[Function, list[Arc]] = {}
    for arc in profile.arcs():
        calls.setdefault(arc.caller, []).append(arc)
    names = _Names()
    for cost in profile.functions():
        yield ""
        yield from names.of(cost.function)
        yield f"0 {cost.exclusive}"
        for arc in calls.get(cost.function, ()):
            yield from names.of(arc.callee, called="c")
            yield f"calls={arc.calls} 0"
            yield f"0 {arc.inclusive}"
    yield from ("", f"totals: {profile.total}")


class _Names:
    # A name is written once, behind a number that stands for it from then on.

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str], int] = {}

    def of(self, function: Function, called: str = "") -> Iterator[str]:
        module = printable(function.module) if function.module else NO_MODULE
        yield f"{called}ob={self._numbered('ob', module)}"
        yield f"{called}fl={self._numbered('fl', module)}"
        yield f"{called}fn={self._numbered('fn', printable(function.name))}"

    def _numbered(self, table: str, name: str) -> str:
        first = (table, name) not in self._numbers
        number = self._numbers.setdefault((table, name), len(self._numbers) + 1)
        return f"({number}) {name}" if first else f"({number})"
