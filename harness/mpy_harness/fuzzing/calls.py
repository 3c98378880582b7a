"""Sequences of calls as data, and as the lines of MicroPython that make them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

#: Bytes of an item, by the typecode of MicroPython's arrays (32 bits).
SIZES = {"b": 1, "B": 1, "h": 2, "H": 2, "i": 4, "I": 4, "l": 4, "L": 4, "q": 8, "Q": 8, "f": 4, "d": 8}
_SHOWN = 24  # items that are written one by one


@dataclass(frozen=True)
class Word:
    """An argument as it is written: ``None``, ``-1``, ``'a'``."""

    text: str


@dataclass(frozen=True)
class Name:
    """An argument that a step before has made; with ``start``, a memoryview of it from there on."""

    name: str
    start: int | None = None
    stop: int | None = None

    @property
    def text(self) -> str:
        """Return it as it is written."""
        if self.start is None:
            return self.name
        stop = "" if self.stop is None else self.stop
        return f"memoryview({self.name})[{self.start or ''}:{stop}]"


Argument = Word | Name


@dataclass(frozen=True)
class Make:
    """A buffer gets a name: ``length`` items, ``items`` over and over again; ``kind`` is its type."""

    name: str
    kind: str  # array, bytearray, bytes, readonly (a memoryview of bytes)
    typecode: str
    length: int
    items: tuple[str, ...]

    @property
    def text(self) -> str:
        """Return it as it is written."""
        if self.kind == "array":
            return f"{self.name} = array({self.typecode!r}, {self._list})"
        made = f"{'bytes' if self.kind == 'readonly' else self.kind}({self._list})"
        return f"{self.name} = memoryview({made})" if self.kind == "readonly" else f"{self.name} = {made}"

    @property
    def _list(self) -> str:
        if self.length <= max(len(self.items), 1) or (len(self.items) > 1 and self.length <= _SHOWN):
            whole = self.items * (self.length // len(self.items) + 1)
            return f"[{', '.join(whole[: self.length])}]"
        times, rest = divmod(self.length, len(self.items))
        listed = f"[{', '.join(self.items)}]"
        return f"({listed} * {times + 1})[:{self.length}]" if rest else f"{listed} * {times}"

    @property
    def uses(self) -> frozenset[str]:
        """Return the names that must be there before."""
        return frozenset()


@dataclass(frozen=True)
class Call:
    """A call ``name = owner.function(*args)``; the owner is the module, an object of the setup or a result."""

    name: str
    owner: str
    function: str
    args: tuple[Argument, ...]

    @property
    def text(self) -> str:
        """Return it as it is written."""
        return f"{self.name} = {self.owner}.{self.function}({', '.join(arg.text for arg in self.args)})"

    @property
    def uses(self) -> frozenset[str]:
        """Return the names that must be there before."""
        return frozenset({self.owner, *(arg.name for arg in self.args if isinstance(arg, Name))})


@dataclass(frozen=True)
class Collect:
    """A collection of garbage."""

    name: str = ""
    text: str = "gc.collect()"
    uses: frozenset[str] = frozenset()


Step = Make | Call | Collect
Steps = tuple[Step, ...]


def needed(steps: Sequence[Step], given: frozenset[str]) -> Steps:
    """Return the steps without those that use what is not there; ``given`` is there before all of them."""
    there = set(given)
    kept = []
    for step in steps:
        if step.uses <= there:
            kept.append(step)
            there.add(step.name)
    return tuple(kept)


def lines(steps: Sequence[Step], *, bare: bool, named: bool = False) -> Iterator[str]:
    """Return the lines of steps. Those that are not ``bare`` go on behind an exception, the name then means None.

    ``named``: a result that no step uses has a name as well.
    """
    used = frozenset().union(*(step.uses for step in steps))
    for step in steps:
        text = step.text
        if isinstance(step, Call) and step.name not in used and not named:
            text = text.partition(" = ")[2]
        if bare or isinstance(step, Collect):
            yield text
            continue
        yield "try:"
        yield f"    {text}"
        yield "except Exception:"
        yield f"    {step.name} = None" if step.name in used or named else "    pass"


def imports(module: str, steps: Sequence[Step]) -> str:
    """Return the line that imports what steps need."""
    names = [module, *["gc"] * any(isinstance(step, Collect) for step in steps)]
    text = f"import {', '.join(sorted(names))}\n"
    return text + "from array import array\n" * any(isinstance(step, Make) and step.kind == "array" for step in steps)
