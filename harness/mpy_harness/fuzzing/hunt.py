"""The search: sequences that reached code which none before has reached are kept and changed, the rest is made anew."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from mpy_harness.board.coverage import Way
from mpy_harness.errors import GuestTimeout
from mpy_harness.fuzzing.calls import Call, Name, Steps, needed
from mpy_harness.fuzzing.making import Maker
from mpy_harness.fuzzing.shrinking import Shrinker
from mpy_harness.fuzzing.subject import Key, Outcome, Subject, calls_in
from mpy_harness.fuzzing.surface import Surface

T = TypeVar("T")

_CALLS_AT_ONCE = 8
_AT_ONCE = 12  # sequences that are run by one request
_NEAR = 0.6  # of the requests try what differs by one thing from one that is kept, as long as there is some
_CHANGED = 0.7  # of the others change one that is kept
_OLDER = 0.8  # of them not the newest, and so on
_TRIES, _TRIES_OF_LOOPS = 150, 12  # to make a sequence smaller
_PATIENCE = 3.0  # a loop is believed where so many times the seconds are not enough either


class RandomDraw:
    """Choices by a generator of random numbers."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - tests, not secrets

    def number(self, least: int, most: int) -> int:
        """Return a number, both ends included."""
        return self._random.randint(least, most)

    def one_of(self, things: Sequence[T]) -> T:
        """Return one of them."""
        return things[self._random.randrange(len(things))]

    def shuffled(self, things: Sequence[T]) -> list[T]:
        """Return them in another order."""
        return self._random.sample(things, len(things))

    def chance(self, share: float) -> bool:
        """Return True for so large a share of the calls."""
        return self._random.random() < share


@dataclass(frozen=True)
class Found:
    """Something wrong: its key, what was said of it, and the smallest sequence; ``bare``: no exception is caught."""

    key: Key
    said: str
    steps: Steps
    bare: bool


@dataclass
class Hunt:
    """What a search has done so far. ``tell`` is called with each thing that was found."""

    subject: Subject
    surface: Surface
    draw: RandomDraw
    tell: Callable[[Found], None]
    calls: int = 0
    sequences: int = 0
    found: dict[Key, Found] = field(default_factory=dict)
    unsure: dict[Key, str] = field(default_factory=dict)
    ways: set[Way] = field(default_factory=set)
    _kept: list[Steps] = field(default_factory=list)
    _neighbours: list[Steps] = field(default_factory=list)

    def run(self, calls: int) -> None:
        """Make so many calls. What one that was found before led to is not told again."""
        maker = Maker(self.surface, self.draw)
        while self.calls < calls:
            if self._neighbours and self.draw.chance(_NEAR):
                several = [self._neighbours.pop() for _ in range(min(len(self._neighbours), _AT_ONCE))]
            elif self._kept and self.draw.chance(_CHANGED):
                several = [maker.changed(self._choose()) for _ in range(_AT_ONCE)]
            else:
                several = [maker.steps(_CALLS_AT_ONCE)]
            self._try([steps for steps in several if calls_in(steps)], maker)

    def _try(self, several: Sequence[Steps], maker: Maker) -> None:
        """Run sequences at once; where that reached something new, find out which of them did, and keep it."""
        if not several:
            return
        outcome = self._run(joined(several))
        if outcome.keys:
            return
        new = outcome.ways - self.ways
        for steps in several if new else ():
            gained = new & (self._run(steps).ways if len(several) > 1 else outcome.ways)
            if gained:
                self.ways |= gained
                new -= gained
                smallest = self._trimmed(steps, gained)
                self._kept.append(smallest)
                self._neighbours += self.draw.shuffled(maker.neighbours(smallest))
            if not new:
                break
        self.ways |= outcome.ways

    def _run(self, steps: Steps) -> Outcome:
        outcome = self.subject.run(steps, self.surface)
        self.calls += calls_in(steps)
        self.sequences += 1
        self._look_into(steps, outcome)
        return outcome

    def _trimmed(self, steps: Steps, ways: frozenset[Way]) -> Steps:
        """Return the steps that are needed for these ways: what is changed then is what leads there."""
        at = len(steps) - 1
        while at >= 0:
            fewer = needed((*steps[:at], *steps[at + 1 :]), self.surface.given)
            outcome = self._run(fewer) if calls_in(fewer) else Outcome()
            if ways <= outcome.ways:
                steps = fewer
            at = min(at, len(steps)) - 1
        return steps

    def _choose(self) -> Steps:
        # The newest have reached what is hard to reach.
        at = len(self._kept) - 1
        while at > 0 and self.draw.chance(_OLDER):
            at -= 1
        return self._kept[at if at > 0 else self.draw.number(0, len(self._kept) - 1)]

    def _look_into(self, steps: Steps, outcome: Outcome) -> None:
        # What follows something that is known already may follow from it.
        known = {**self.found, **self.unsure}
        if not outcome.keys or outcome.keys[0] in known:
            return
        key = outcome.keys[0]
        patience = _PATIENCE if isinstance(outcome.error, GuestTimeout) else 1.0
        for candidate in (steps, joined(self.subject.history)):
            again = self.subject.run_alone(candidate, self.surface, patience=patience)
            if key in again.keys:
                self._keep(key, candidate, again)
                return
        self.unsure[key] = str(outcome.error)

    def _keep(self, key: Key, steps: Steps, outcome: Outcome) -> None:
        subject, surface = self.subject, self.surface
        is_loop = isinstance(outcome.error, GuestTimeout)
        bare = key in subject.run_alone(steps, surface, bare=True).keys

        def fails(candidate: Steps) -> bool:
            return key in subject.run_alone(candidate, surface, bare=bare).keys

        shrinker = Shrinker(fails, surface.given, _TRIES_OF_LOOPS if is_loop else _TRIES)
        smallest = shrinker.shrink(steps)
        plain = plainly_named(smallest)
        smallest = smallest if surface.given & {step.name for step in plain} else plain
        bare = bare or key in subject.run_alone(smallest, surface, bare=True).keys
        said = subject.run_alone(smallest, surface, bare=bare, patience=_PATIENCE if is_loop else 1.0)
        # One that was smaller and showed it once, but not again, is none.
        smallest, said = (smallest, said) if key in said.keys else (steps, outcome)
        self.found[key] = found = Found(key, str(said.error), smallest, bare)
        self.tell(found)


def joined(sequences: Sequence[Steps]) -> Steps:
    """Return sequences that run one after the other as one, with names that do not collide."""
    if len(sequences) == 1:
        return sequences[0]
    made: list[Steps] = []
    for number, steps in enumerate(sequences):
        names = {step.name: f"{step.name}_{number}" for step in steps if step.name}
        made.append(tuple(_renamed(step, names) for step in steps))
    return tuple(step for steps in made for step in steps)


def plainly_named(steps: Steps) -> Steps:
    """Return steps with names that are numbered from 1: a1, r2."""
    made = [step.name for step in steps if step.name]
    names = {name: f"{name[0]}{number}" for number, name in enumerate(made, 1)}
    return tuple(_renamed(step, names) for step in steps)


def _renamed(step: T, names: dict[str, str]) -> T:
    if isinstance(step, Call):
        args = [replace(arg, name=names.get(arg.name, arg.name)) if isinstance(arg, Name) else arg for arg in step.args]
        owner = names.get(step.owner, step.owner)
        return replace(step, name=names[step.name], owner=owner, args=tuple(args))
    name = getattr(step, "name", "")
    return replace(step, name=names[name]) if name else step  # type: ignore[type-var]
