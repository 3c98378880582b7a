"""A module on a board that is fuzzed: sequences of calls are run there, each tells what it did wrong, if anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Any

from mpy_harness.board.board import Board
from mpy_harness.board.coverage import Way
from mpy_harness.errors import (
    ConfigurationInvalid,
    GuestException,
    GuestFault,
    GuestTimeout,
    HarnessError,
    MemoryMisused,
    ToolMissing,
)
from mpy_harness.firmware.natmods import NatmodBuild
from mpy_harness.firmware.symbols import Symbols
from mpy_harness.fuzzing.calls import Call, Steps, imports, lines
from mpy_harness.fuzzing.surface import Surface, surface_of

# By how many arguments: the types of functions in C (py/objfun.c); the last is for a range.
_KINDS = ("0", "1", "2", "3", "var")
# A loop is where it happens to be stopped: of that, only the function tells one from another.
_PLACE = re.compile(r"((?:\w+\(\) of )?the native module \w+)(?:, [\w.]+(?::\d+|\+0x[0-9a-f]+))?")
_LOOK = "fuzz_look"  # in the guest's half: no line of the user's
_GUESTS_HALF = resources.files("mpy_harness.board") / "in_guest" / "_mpyh_fuzz.py"
_CALLS_A_LIFE = 100

#: What went wrong: the kind, and where.
Key = tuple[str, str]


@dataclass(frozen=True)
class Outcome:
    """What a sequence did wrong, told by ``error``, the first of ``keys`` first; nothing where there are none.

    ``ways`` is the code of the module that it reached.
    """

    keys: tuple[Key, ...] = ()
    error: HarnessError | None = None
    ways: frozenset[Way] = frozenset()


@dataclass
class Subject:
    """Runs sequences of calls of a module; ``setup`` is MicroPython that runs before each of them.

    Sequences share a life of the guest, until one did something wrong or the life is long enough; ``history`` are
    those of the present one. ``seconds`` is how long one may take.
    """

    board: Board
    module: NatmodBuild | Path
    setup: str = ""
    seconds: float = 4.0
    history: list[Steps] = field(default_factory=list)
    _types: list[int] = field(default_factory=list)
    _is_spoilt: bool = True

    def __post_init__(self) -> None:
        symbols = Symbols(self.board.image)
        self._types = [symbols.address(f"mp_type_fun_builtin_{kind}") or 0 for kind in _KINDS]

    @property
    def name(self) -> str:
        """Return the module's name."""
        return self.module.name if isinstance(self.module, NatmodBuild) else self.module.stem

    def look(self, only: str = "") -> Surface:
        """Return what can be called. Raises ConfigurationInvalid for a setup that does not run."""
        self.begin_life()
        try:
            facts = self.board.call(_LOOK, self.name, self.setup, self._types)
        except GuestException as error:
            said = "\n".join(line for line in str(error).splitlines() if _LOOK not in line)
            raise ConfigurationInvalid(f"the setup cannot be run before each sequence of calls:\n{said}") from error
        return surface_of(self.name, facts, only)

    def begin_life(self) -> None:
        """Begin a life of the guest in which nothing has happened but that the module was imported."""
        if self.board.usable:
            self.board.soft_reset()
        else:
            self.board.hard_reset()
        self.board.forget()
        self.board.import_native(self.module)
        self.board.exec(_GUESTS_HALF.read_text(encoding="utf-8"))
        self.history.clear()
        self._is_spoilt = False

    def run(self, steps: Steps, surface: Surface) -> Outcome:
        """Run a sequence and let ``surface`` learn from its results."""
        if self._is_spoilt or sum(map(calls_in, self.history)) > _CALLS_A_LIFE:
            self.begin_life()
        self.history.append(steps)
        before = self.board.coverage.ways()
        outcome = self._run(steps, surface, bare=False, seconds=self.seconds)
        after = self.board.coverage.ways()
        return replace(outcome, ways=frozenset(way for way, count in after.items() if count > before[way]))

    def run_alone(self, steps: Steps, surface: Surface, *, bare: bool = False, patience: float = 1.0) -> Outcome:
        """Run a sequence in a life of its own, ``bare`` as far as it gets without an exception."""
        self.begin_life()
        outcome = self._run(steps, surface, bare=bare, seconds=self.seconds * patience)
        self._is_spoilt = True
        return outcome

    def source(self, steps: Steps, *, bare: bool, named: bool = False) -> str:
        """Return a sequence as a program; ``named``: all results have names."""
        text = "\n".join(lines(steps, bare=bare, named=named))
        return f"{imports(self.name, steps)}{self.setup}\n{text}\n"

    def _run(self, steps: Steps, surface: Surface, *, bare: bool, seconds: float) -> Outcome:
        functions = {step.name: step.function for step in steps if isinstance(step, Call)}
        arguments = (self.source(steps, bare=bare, named=True), list(functions), list(surface.methods), self._types)
        try:
            facts: dict[str, Any] = self.board.call("fuzz_run", *arguments, timeout=seconds)
        except (ToolMissing, ConfigurationInvalid):
            raise
        except GuestException as error:
            if error.type == "SyntaxError":
                raise  # a fault of ours
            self._is_spoilt = True  # without memory it may not be able to go on
            return Outcome()
        except HarnessError as error:
            self._is_spoilt = True
            return Outcome(tuple(_keys(error)), error)
        surface.learn(facts, functions)
        return Outcome()


def _keys(error: HarnessError) -> Iterator[Key]:
    if isinstance(error, MemoryMisused):
        yield from dict.fromkeys((finding.kind, str(finding.place)) for finding in error.findings)
        return
    kind = error.kind if isinstance(error, GuestFault) else type(error).__name__
    place = _PLACE.search(str(error))
    yield kind, "" if place is None else place[isinstance(error, GuestTimeout)]


def calls_in(steps: Steps) -> int:
    """Return how many calls a sequence has."""
    return sum(isinstance(step, Call) for step in steps)
