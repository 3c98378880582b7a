"""Stand-ins on the host for objects that live in the guest."""

from __future__ import annotations

import weakref
from typing import Any

from mpy_harness.board.codec import Reference
from mpy_harness.board.requests import Requests
from mpy_harness.errors import GuestException, Untransferable


class GuestObject(Reference):
    """An object in the guest: call its methods, pass it as an argument, fetch it with ``get()``.

    ``filt.run(x)`` calls the guest's method ``run``, ``module.SIZE`` is the value of that attribute. The object is
    freed in the guest when the last stand-in is, and with the next reset.
    """

    def __init__(self, requests: Requests, number: int) -> None:
        self._requests = requests
        self._life = requests.life
        self.number = number
        self._methods: set[str] = set()  # names of what is called, as far as was asked
        weakref.finalize(self, requests.release, requests.life, number).atexit = False

    def get(self) -> Any:
        """Return the object itself, where it is of a type that can be transferred."""
        return fetch(self._requests, self)

    def __call__(self, *args: Any, timeout: float | None = None, **kwargs: Any) -> Any:
        """Call the object, a function or class of the guest."""
        return self._requests.run("call", self, None, list(args), kwargs or None, timeout=timeout)

    def __getattr__(self, name: str) -> Any:
        """Return the attribute of that name: its value, or for a function and the like what calls it.

        Raises AttributeError where the object has none of that name.
        """
        if name.startswith("__"):
            raise AttributeError(name)
        if name in self._methods:
            return GuestMethod(self, name)
        try:
            is_called, value = self._requests.run("attribute", self, name)
        except GuestException as error:
            if error.type == "AttributeError":
                raise AttributeError(f"{error.message} ({self!r})") from None
            raise
        if not is_called:
            return value
        self._methods.add(name)
        return GuestMethod(self, name)

    def __repr__(self) -> str:
        return f"<GuestObject {self.number} on {self._requests.target}>"


class GuestMethod:
    """A method of a guest object, or another attribute that can be called."""

    def __init__(self, owner: GuestObject, name: str) -> None:
        self._requests = owner._requests  # noqa: SLF001 - the two classes are one thing
        self._owner = owner
        self._name = name

    def __call__(self, *args: Any, timeout: float | None = None, **kwargs: Any) -> Any:
        """Call the method in the guest."""
        return self._requests.run("call", self._owner, self._name, list(args), kwargs or None, timeout=timeout)

    def __repr__(self) -> str:
        return f"<method {self._name} of {self._owner!r}>"


def fetch(requests: Requests, thing: Reference) -> Any:
    """Return the value of an object in the guest.

    Raises Untransferable for one of a type that has no counterpart on the host.
    """
    value = requests.run("get", thing)
    if isinstance(value, GuestObject):
        text = requests.run("repr", value)
        raise Untransferable(f"{text} of the guest has no counterpart on the host")
    return value


def number_of(requests: Requests, thing: Reference) -> int:
    """Return the number of an object in the guest of these requests.

    Raises Untransferable for an object of another board, or of a life before the last reset.
    """
    if not isinstance(thing, GuestObject) or thing._requests is not requests:  # noqa: SLF001
        raise Untransferable(f"{thing!r} is an object of another board")
    if thing._life != requests.life:  # noqa: SLF001
        raise Untransferable(f"{thing!r} is gone: the board was reset since")
    return thing.number
