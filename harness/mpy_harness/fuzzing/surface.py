"""What of a module can be called: its functions, objects, and the methods of those, as the guest tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

#: Arguments of what does not tell how many it takes: a function in Python, a class.
UNKNOWN = (0, 4)


@dataclass(frozen=True)
class Function:
    """A function or method: how many arguments it takes, least and most."""

    name: str
    least: int
    most: int


@dataclass
class Surface:
    """Functions of the module ``name``, ``objects`` of the setup by name with their types, its ``buffers``.

    ``methods`` are those of types, which grow while calls return objects; ``returns`` has the types that functions
    are known to return. ``only`` is the function or method that is called, "" for all: what makes objects is called
    besides.
    """

    name: str
    functions: tuple[Function, ...] = ()
    objects: dict[str, str] = field(default_factory=dict)
    buffers: tuple[str, ...] = ()
    methods: dict[str, tuple[Function, ...]] = field(default_factory=dict)
    returns: dict[str, str] = field(default_factory=dict)
    only: str = ""

    def callable_on(self, owner: str, type_name: str) -> list[tuple[str, Function]]:
        """Return what may be called on an owner, each with that; the module has no ``type_name``."""
        found = self.functions if not type_name else self.methods.get(type_name, ())
        if not self.only or (not type_name and all(each.name != self.only for each in found)):
            return [(owner, each) for each in found]
        return [(owner, each) for each in found if each.name == self.only]

    @property
    def given(self) -> frozenset[str]:
        """Return the names that are there before the first step."""
        return frozenset({self.name, *self.objects, *self.buffers})

    @property
    def knows(self) -> frozenset[str]:
        """Return the names of all functions and methods."""
        return frozenset(each.name for each in (*self.functions, *(m for ms in self.methods.values() for m in ms)))

    def learn(self, facts: Mapping[str, Any], functions: Mapping[str, str]) -> None:
        """Take note of what the guest tells of results: the types by name of the result, and their methods.

        ``functions`` are those whose results they are.
        """
        for name, type_name in facts["results"].items():
            self.returns.setdefault(functions[name], type_name)
        for type_name, told in facts["types"].items():
            self.methods.setdefault(type_name, _functions(told))


def surface_of(name: str, facts: Mapping[str, Any], only: str = "") -> Surface:
    """Return the surface of a module, as the guest's ``look`` tells it."""
    surface = Surface(name, _functions(facts["functions"]), dict(facts["objects"]), tuple(facts["buffers"]))
    surface.methods = {each: _functions(told) for each, told in facts["types"].items()}
    return replace(surface, only=only)


def _functions(told: Sequence[tuple[str, int, int]]) -> tuple[Function, ...]:
    return tuple(Function(name, *((least, most) if least >= 0 else UNKNOWN)) for name, least, most in sorted(told))
