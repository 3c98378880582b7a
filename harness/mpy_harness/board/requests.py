"""Requests to the guest: what a board does there goes through ``Requests``, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from mpy_harness.board import codec
from mpy_harness.board.channel import Channel
from mpy_harness.board.console import WaitedLong
from mpy_harness.errors import (
    ConsoleGarbled,
    FirmwareSilent,
    GuestException,
    GuestMemoryGone,
    HarnessError,
    MachineryError,
    PythonLoop,
    Untransferable,
)
from mpy_harness.limits import RELEASED_AT_ONCE
from mpy_harness.machines import Machine

#: Modes of a request (guest/requests.py): its instructions are counted; counted, and names of functions are asked for
#: afterwards; added to either, what it takes of heap and stack is watched.
COUNTED, COUNTED_BY_NAME, WATCHED = 1, 2, 4

_PROGRAMS = ("exec", "eval", "call", "script")  # requests that run code of the user
_FORGET = "get"  # of nothing: the request by which the guest is told only what to forget
_KEEPS_BOARD = (GuestException, PythonLoop, Untransferable)  # errors after which the REPL is in step

Result = TypeVar("Result")


class Observer(Protocol):
    """Measures requests: called before each of them and after it."""

    def begin(self, *, is_program: bool) -> int:
        """Return what is added to the mode of the request that comes; ``is_program``: it runs code of the user."""

    def end(self, mode: int) -> None:
        """Read what was measured of the request that ran in this mode, whether or not it failed."""

    def lose(self) -> None:
        """Take note that the guest ended within a request, or that its state is not known."""


@dataclass(frozen=True)
class Connection:
    """How requests reach a guest that runs, from a start of its machine to the end.

    ``interrupt`` stops what the guest executes and returns whether it did; ``explain`` returns the error for a guest
    that is gone.
    """

    machine: Machine
    channel: Channel
    interrupt: Callable[[], bool]
    explain: Callable[[], HarnessError]


class Requests:
    """Runs requests in the guest of one board.

    ``target`` is the target's name, ``timeout`` the default for each request in seconds. ``stand_in`` makes what
    stands for an object of the guest, given its number; ``number_of`` returns that number and raises Untransferable
    for an object that this guest does not have. ``observers`` measure requests.
    """

    def __init__(
        self,
        target: str,
        timeout: float,
        stand_in: Callable[[Requests, int], Any],
        number_of: Callable[[Requests, codec.Reference], int],
    ) -> None:
        self.target = target
        self.timeout = timeout
        self.observers: list[Observer] = []
        #: Returns what an exception of the guest means: the exception itself, or why a module was refused.
        self.explain: Callable[[GuestException], HarnessError] = lambda error: error
        #: Raises what a request did wrong besides, given the error that it ended with, if any.
        self.check: Callable[[BaseException | None], None] | None = None
        #: Counts the guest's lives: one lasts from a reset to the next.
        self.life = 0
        #: What the program of the last request printed; nothing of it is known after a timeout.
        self.output = ""
        #: Whether the guest is ready for a request.
        self.usable = False
        self._stand_in = stand_in
        self._number_of = number_of
        self._is_running = False
        self._connection: Connection  # set when a life begins
        self._released: list[int] = []

    def begin_life(self, connection: Connection) -> None:
        """Take note that MicroPython has just started: objects of its former life are gone."""
        self.life += 1
        self._released = []
        self._connection = connection
        self.usable = True

    def stop(self) -> None:
        """Refuse all requests until the next life begins."""
        self.usable = False

    def release(self, life: int, number: int) -> None:
        """Let the guest forget an object with the next request."""
        if life == self.life:
            self._released.append(number)

    def run(self, what: str, *arguments: Any, timeout: float | None = None) -> Any:
        """Run one of the requests that guest/requests.py knows, and return its value.

        Raises GuestException, GuestTimeout and what else ``RawRepl.execute`` does, Untransferable for an argument
        that has no counterpart in the guest, MachineryError where the board is not usable; IncompatibleModule and
        CorruptModule for a host file that guest code imported; MemoryMisused for what native code did to memory.
        """
        self.output = ""  # never that of an earlier program
        is_inner = self._is_running  # one that an observer makes
        self._is_running = True
        try:
            result = self._run(what, *arguments, timeout=timeout)
        except GuestException as error:
            explained = self.explain(error)
            self.output = error.output.replace("\r\n", "\n")
            self._check(explained, is_inner=is_inner)
            raise explained from None
        except BaseException as error:
            self._check(error, is_inner=is_inner)
            raise
        finally:
            self._is_running = is_inner
        self._check(None, is_inner=is_inner)
        return result

    def _check(self, error: BaseException | None, *, is_inner: bool) -> None:
        if self.check is not None and not is_inner:
            self.check(error)

    def _run(self, what: str, *arguments: Any, timeout: float | None = None) -> Any:
        if not self.usable:
            raise MachineryError("this board is no longer usable after an earlier error; hard_reset() starts it again")
        seconds = self.timeout if timeout is None else timeout
        mode = sum(observer.begin(is_program=what in _PROGRAMS) for observer in self.observers)
        channel = self._connection.channel
        released = self._released[:RELEASED_AT_ONCE]  # to which the collector of garbage here may add at any time
        message = self._message(mode, released, what, arguments)
        if released and channel.needs_room(message) and what != _FORGET:
            # What the guest forgets makes room for what is to come.
            for _ in range(0, len(self._released), RELEASED_AT_ONCE):
                self.run(_FORGET, None)
            released = []
            message = self._message(mode, released, what, arguments)
        del self._released[: len(released)]
        try:
            output, result = self.guard(lambda: channel.request(message, seconds))
        except Untransferable:  # nothing of it has reached the guest
            self._released += released
            raise
        finally:
            for observer in self.observers:
                if self.usable:
                    observer.end(mode)
        self.output = output.decode("utf-8", "replace").replace("\r\n", "\n")
        self.guard(self._check_output)
        return self.guard(lambda: codec.decode(result, lambda number: self._stand_in(self, number)))

    def guard(self, action: Callable[[], Result]) -> Result:
        """Return an action's result; what leaves the REPL out of step, or the guest in doubt, ends the board's use."""
        try:
            return action()
        except WaitedLong:
            self.usable = False
            raise FirmwareSilent("the guest's REPL does not answer any more") from None
        except GuestMemoryGone:
            self.usable = False
            raise self._connection.explain() from None
        except HarnessError as error:
            self.usable = self.usable and isinstance(error, _KEEPS_BOARD)
            raise error from None  # what led to it on our side says nothing to the reader
        except KeyboardInterrupt:
            # Where the guest could be interrupted, what was counted until then can be read.
            self.usable = self.usable and self._connection.interrupt()
            raise
        except BaseException:
            self.usable = False
            raise
        finally:
            if not self.usable:
                for observer in self.observers:
                    observer.lose()

    def _message(self, mode: int, released: list[int], what: str, arguments: tuple[Any, ...]) -> codec.Message:
        return codec.encode([mode or False, released or None, what, *arguments], self._number)

    def _number(self, thing: codec.Reference) -> int:
        return self._number_of(self, thing)

    def _check_output(self) -> None:
        if self._connection.machine.may_have_lost_output():
            raise ConsoleGarbled(
                "the guest printed faster than the host could take it, and the emulator may have dropped output: "
                "print less, or run fewer boards at once (pytest -n)"
            )
