"""Make up calls: every kind of argument, and changes of what was made up before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from mpy_harness.fuzzing.calls import SIZES, Argument, Call, Collect, Make, Name, Step, Steps, Word, needed
from mpy_harness.fuzzing.surface import Function, Surface

T = TypeVar("T")

_LENGTHS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 16, 17, 24, 31, 32, 33, 64, 100, 127, 128, 256, 257, 1000)
_HUGE = (4096, 20000)
_FLOATS = (
    "0.0", "1.0", "-1.0", "0.5", "-0.0", "1e-3", "3.0", "1e30", "-1e30", "1e-40", "1e-45", "3.4e38",
    "float('inf')", "float('-inf')", "float('nan')",
)  # fmt: skip
_INTEGERS = (
    0, 1, -1, 2, 3, 4, 5, 7, 8, 16, 100, 127, 128, 255, 256, 1000, 32767, 65535, 2**31 - 1, 2**32 - 1, 2**63 - 1,
)  # fmt: skip
_LEAST = (-1, -2, -128, -32768, -(2**31))
_NUMBERS = (0, 1, 2, 3, 4, 5, 6, 8, 10, 16, 30, 64, 127, 128, 255, 256, 1000, -1, -2, 2**15, 2**31 - 1, -(2**31), 2**40)
_ODD = (
    "None", "True", "''", "'ab'", "b''", "b'ab'", "()", "[]", "[1, 2]", "(1.0, 2.0)", "{}", "{1: 2}", "range(5)", "1j",
    "object()", "print", "int", "[[1.0], [2.0]]", "memoryview(b'')", "memoryview(bytearray(5))[1:4]", "'x' * 300",
)  # fmt: skip
_STRESS = 12  # one step in so many is a collection
_MOST_ARGUMENTS = 8


class Draw(Protocol):
    """Where choices come from: a generator of random numbers, or Hypothesis, to which the least is the simplest."""

    def number(self, least: int, most: int) -> int:
        """Return a number, both ends included."""

    def one_of(self, things: Sequence[T]) -> T:
        """Return one of them."""


@dataclass
class Maker:
    """Makes up steps for a surface, by the choices of ``draw``."""

    surface: Surface
    draw: Draw

    def steps(self, count: int, before: Steps = ()) -> Steps:
        """Return steps with so many calls more than those ``before``."""
        made = list(before)
        while count > 0:
            step = self._step(made)
            made.append(step)
            count -= isinstance(step, Call)
        return tuple(made)

    def changed(self, steps: Steps) -> Steps:
        """Return steps with a few changes."""
        made = list(steps)
        for _ in range(self.draw.number(1, 3)):
            at = self.draw.number(0, len(made) - 1) if made else 0
            step = made[at] if made else None
            what = self.draw.number(0, 9)
            if isinstance(step, Make) and what < 7:
                made[at] = self._other_buffer(step)
            elif isinstance(step, Call) and what < 6:
                made[at : at + 1] = self._other_call(step, made[:at])
            elif isinstance(step, Call) and what == 6:
                made.insert(at + 1, replace(step, name=self._fresh("r", made)))
            elif what == 7 and step is not None:
                del made[at]
            elif what == 8:
                made.insert(at, Collect())
            else:
                made = list(self.steps(self.draw.number(1, 3), tuple(made)))
        return needed(made, self.surface.given)

    def _fresh(self, letter: str, made: Sequence[Step]) -> str:
        return _free(letter, (*self.surface.given, *(step.name for step in made)))

    def neighbours(self, steps: Steps) -> list[Steps]:
        """Return all sequences that differ in one thing: type, length or content of a buffer, one argument."""
        found = []
        for at, step in enumerate(steps):
            others: Iterable[Step] = ()
            if isinstance(step, Make):
                others = _other_buffers(step)
            elif isinstance(step, Call):
                others = _other_calls(step, self.surface.buffers)
            found += [(*steps[:at], other, *steps[at + 1 :]) for other in others]
        return [needed(each, self.surface.given) for each in found]

    def _step(self, made: list[Step]) -> Step:
        if self.draw.number(0, _STRESS) == _STRESS:
            return Collect()
        owner, function = self.draw.one_of(self._callable(made))
        count = self._count(function)
        args = []
        for _ in range(count):
            argument = self._argument(made)
            if isinstance(argument, Make):
                made.append(argument)
                argument = self._use(argument)
            args.append(argument)
        return Call(self._fresh("r", made), owner, function.name, tuple(args))

    def _count(self, function: Function) -> int:
        if self.draw.number(0, 24) == 24:
            return self.draw.number(0, _MOST_ARGUMENTS)
        return self.draw.number(function.least, function.most)

    def _callable(self, made: Sequence[Step]) -> list[tuple[str, Function]]:
        surface = self.surface
        on_module = surface.callable_on(surface.name, "")
        owners = {**surface.objects, **self._results(made)}
        methods = [each for name, kind in owners.items() for each in surface.callable_on(name, kind)]
        # Methods of what is there are the rarer opportunity.
        return methods if methods and self.draw.number(0, 2) else [*on_module, *methods]

    def _results(self, made: Sequence[Step]) -> dict[str, str]:
        returns = self.surface.returns
        calls = [step for step in made if isinstance(step, Call)]
        return {call.name: returns[call.function] for call in calls if call.function in returns}

    def _argument(self, made: Sequence[Step]) -> Argument | Make:
        what = self.draw.number(0, 19)
        buffers = [*self.surface.buffers, *(step.name for step in made if isinstance(step, Make))]
        if what < (8 if self.surface.buffers else 4) and buffers:
            return self._view(self.draw.one_of(buffers), self._length_of(buffers[-1], made))
        if what < 11:
            return self._buffer(self._fresh("a", made))
        if what < 15:
            return Word(str(self.draw.one_of(_NUMBERS)))
        if what < 17:
            return Word(self.draw.one_of(_FLOATS))
        owners = [*self.surface.objects, *self._results(made)]
        if what == 17 and owners:
            return Name(self.draw.one_of(owners))
        return Word(self.draw.one_of(_ODD))

    def _length_of(self, name: str, made: Sequence[Step]) -> int:
        return next((step.length for step in made if isinstance(step, Make) and step.name == name), 8)

    def _use(self, buffer: Make) -> Name:
        return self._view(buffer.name, buffer.length) if self.draw.number(0, 5) == 5 else Name(buffer.name)

    def _view(self, name: str, length: int) -> Name:
        if self.draw.number(0, 1) == 0:
            return Name(name)
        start = self.draw.number(0, 3)
        return Name(name, start, max(start, length - 1) if self.draw.number(0, 1) else None)

    def _buffer(self, name: str) -> Make:
        kind = self.draw.one_of(("array",) * 12 + ("bytearray", "bytearray", "bytes", "readonly"))
        typecode = self.draw.one_of(tuple(SIZES)) if kind == "array" else "B"
        if kind == "array" and self.draw.number(0, 2) == 0:
            typecode = self.draw.one_of("fhBi")  # what most modules take
        return Make(name, kind, typecode, self._length(), self._items(typecode))

    def _length(self) -> int:
        return self.draw.one_of(_HUGE) if self.draw.number(0, 60) == 60 else self.draw.one_of(_LENGTHS)

    def _items(self, typecode: str) -> tuple[str, ...]:
        choices = items_of(typecode)
        if self.draw.number(0, 1) == 0:
            return (self.draw.one_of(choices[:2]),)  # all the same, and harmless
        return tuple(self.draw.one_of(choices) for _ in range(self.draw.number(1, 8)))

    def _other_buffer(self, buffer: Make) -> Make:
        match self.draw.number(0, 5):
            case 0:
                other = self._buffer(buffer.name)
                return replace(other, length=buffer.length)
            case 1:
                return replace(buffer, length=self._length())
            case 2:
                return replace(buffer, length=max(0, buffer.length + self.draw.one_of((-1, 1, 2, 4))))
            case 3 | 4 if buffer.items:
                # One item of all: what else they hold has proven to lead somewhere.
                choices = items_of(buffer.typecode)
                items = list((buffer.items * buffer.length)[: min(buffer.length, 24)] or buffer.items)
                items[self.draw.number(0, len(items) - 1)] = self.draw.one_of(choices)
                return replace(buffer, items=tuple(items))
            case _:
                return replace(buffer, items=self._items(buffer.typecode))

    def _other_call(self, call: Call, before: list[Step]) -> list[Step]:
        if not call.args or self.draw.number(0, 7) == 0:
            owner, function = self.draw.one_of(self._callable(before))
            count = max(function.least, min(len(call.args), function.most))
            args = (call.args + (Word("1"),) * count)[:count]
            return [replace(call, owner=owner, function=function.name, args=args)]
        at = self.draw.number(0, len(call.args) - 1)
        argument = self._argument([*before, call])
        made: list[Step] = []
        if isinstance(argument, Make):
            made.append(argument)
            argument = self._use(argument)
        return [*made, replace(call, args=(*call.args[:at], argument, *call.args[at + 1 :]))]


def items_of(typecode: str) -> tuple[str, ...]:
    """Return items that are worth a try, the harmless ones first: limits, NaN, infinities, subnormal numbers."""
    if typecode in "fd":
        return _FLOATS
    bits = 8 * SIZES[typecode]
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if typecode.islower() else (0, 2**bits - 1)
    return tuple(str(number) for number in dict.fromkeys((*_INTEGERS, *_LEAST)) if low <= number <= high)


def _other_buffers(buffer: Make) -> Iterator[Make]:
    for typecode in SIZES:
        yield replace(buffer, kind="array", typecode=typecode, items=items_of(typecode)[1:2])
    yield from (replace(buffer, length=length) for length in _LENGTHS if length != buffer.length)
    yield from (replace(buffer, items=(item,)) for item in items_of(buffer.typecode))


def _other_calls(call: Call, buffers: Sequence[str]) -> Iterator[Call]:
    for at in range(len(call.args)):
        for text in (*map(str, _NUMBERS), "0.5", "None", "'ab'", "[]"):
            yield replace(call, args=(*call.args[:at], Word(text), *call.args[at + 1 :]))
        for other in (*call.args[:at], *map(Name, buffers)):
            yield replace(call, args=(*call.args[:at], other, *call.args[at + 1 :]))


def _free(letter: str, taken: Iterable[str]) -> str:
    numbers = [int(name[1:]) for name in taken if name[:1] in {"a", "r"} and name[1:].isdigit()]
    return f"{letter}{max(numbers, default=0) + 1}"
