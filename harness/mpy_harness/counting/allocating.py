"""Which functions allocate, by a call tree: calls of the collector's functions and who they were for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from mpy_harness.counting.profile import Function, Profile, visits

# Of py/malloc.c and py/gc.c, and what the boards put between (targets/boards/common/board_memory.c).
_ALLOCATE = {"__wrap_gc_alloc", "__wrap_gc_realloc"}
_PLAIN = {"gc_alloc", "gc_realloc"}
_PASS_ON = ("m_malloc", "m_realloc", "m_tracked", "gc_", "__wrap_gc", "realloc_ext")
_CALLING = "mp_call_prepare_args_n_kw_var"  # to call the program takes an allocation that is not the program's
_OWN = {"python", "native", "natmod"}


@dataclass(frozen=True)
class Site:
    """A function that allocates, the function of the program that called it, and how often it did."""

    allocator: str
    function: str
    calls: int


def allocation_sites(profile: Profile) -> list[Site]:
    """Return who asked for memory in a region, most often first; blocks that shrink or are freed so count too."""
    names = {node.function.name for node, entered in visits(profile.root) if entered}
    wanted = _ALLOCATE if names & _ALLOCATE else _PLAIN
    calls: Counter[tuple[str, str]] = Counter()
    path: list[Function] = []
    for node, entered in visits(profile.root):
        if not entered:
            path.pop()
            continue
        if node.function.name in wanted and not (path and path[-1].name in wanted):
            site = _site(path)
            if site is not None:
                calls[site] += node.calls
        path.append(node.function)
    return [Site(*key, count) for key, count in calls.most_common()]


def _site(path: list[Function]) -> tuple[str, str] | None:
    callers = [function for function in reversed(path) if not function.name.startswith(_PASS_ON)]
    own = next((function.name for function in callers if function.kind in _OWN), "")
    allocator = callers[0].name if callers else ""
    return None if allocator == _CALLING and not own else (allocator, own)
