"""Make a sequence of calls small that does something wrong: fewer steps, shorter buffers, plainer arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from mpy_harness.fuzzing.calls import Argument, Call, Make, Name, Step, Steps, Word, needed

Fails = Callable[[Steps], bool]


class Shrinker:
    """Tries smaller sequences with ``fails``, at most so many ``tries``; ``given`` are names that need no step."""

    def __init__(self, fails: Fails, given: frozenset[str], tries: int) -> None:
        self._fails = fails
        self._given = given
        self._tries = tries
        self._seen: set[Steps] = set()

    def shrink(self, steps: Steps) -> Steps:
        """Return the smallest sequence that was found to fail still; ``steps`` do."""
        best = self._fewer(steps)
        while self._tries > 0:
            smaller = self._first(_plainer(best))
            if smaller is None:
                break
            best = smaller
        return self._fewer(best)

    def _fewer(self, steps: Steps) -> Steps:
        """Leave out steps, many at once first."""
        size = len(steps)
        while size > 0:
            at = len(steps)
            while at > 0:
                candidate = needed((*steps[: max(0, at - size)], *steps[at:]), self._given)
                if self._holds(candidate):
                    steps = candidate
                at = min(at - size, len(steps))
            size //= 2
        return steps

    def _first(self, candidates: Iterator[Steps]) -> Steps | None:
        return next((each for each in candidates if self._holds(each)), None)

    def _holds(self, candidate: Steps) -> bool:
        if self._tries <= 0 or candidate in self._seen or not candidate:
            return False
        self._seen.add(candidate)
        self._tries -= 1
        return self._fails(candidate)


def _plainer(steps: Sequence[Step]) -> Iterator[Steps]:
    for at, step in enumerate(steps):
        for other in _plainer_step(step):
            yield (*steps[:at], other, *steps[at + 1 :])


def _plainer_step(step: Step) -> Iterator[Step]:
    if isinstance(step, Make):
        yield from _plainer_buffers(step)
    elif isinstance(step, Call):
        for at, argument in enumerate(step.args):
            plainer: list[Argument] = []
            if not isinstance(argument, Word) or argument.text not in {"0", "1"}:
                plainer += [Word("0"), Word("1")]
            if isinstance(argument, Name) and argument.start is not None:
                plainer.append(Name(argument.name))
            for other in plainer:
                yield replace(step, args=(*step.args[:at], other, *step.args[at + 1 :]))


def _plainer_buffers(buffer: Make) -> Iterator[Make]:
    if buffer.kind != "array" and buffer.typecode == "B":
        yield replace(buffer, kind="array")
    for length in dict.fromkeys((0, 1, 2, 4, 8, buffer.length // 2, buffer.length - 1)):
        if 0 <= length < buffer.length:
            yield replace(buffer, length=length)
    plain = "0.0" if buffer.typecode in "fd" else "0"
    if buffer.items != (plain,):
        yield replace(buffer, items=(plain,))
    if len(buffer.items) > 1:
        yield from (replace(buffer, items=(item,)) for item in dict.fromkeys(buffer.items))
        for at, item in enumerate(buffer.items):
            if item != plain:
                yield replace(buffer, items=(*buffer.items[:at], plain, *buffer.items[at + 1 :]))
