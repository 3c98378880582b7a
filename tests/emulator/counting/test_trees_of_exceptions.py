"""The call trees of programs that throw, into generators as well, are those that CPython tells of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mpy_harness.board import Board
from mpy_harness.counting.profile import visits
from tests.emulator.absent import target_or_skip
from tests.emulator.counting.test_trees_of_programs import python_functions, told_by_cpython

# CPython throws into the innermost generator at once, MicroPython through those around it, and asks one that has ended.
PROGRAM = """
def leaf(n):
    return n + 1
def inner(n):
    for i in range(n):
        try:
            leaf(i)
            yield i
        except ValueError:
            leaf(100)
            yield -1
        finally:
            leaf(i)
def outer(n):
    try:
        yield from inner(n)
    except KeyError:
        leaf(5)
        yield 7
    leaf(6)
def raiser(n):
    leaf(n)
    if n:
        raiser(n - 1)
    raise KeyError(n)
def deep(n):
    try:
        if n:
            return deep(n - 1) + leaf(n)
        raiser(3)
    except KeyError:
        if n % 2 == 0:
            leaf(n)
            raise ValueError(n)
        raise
    except ValueError:
        leaf(n)
        return 1
    finally:
        leaf(n)
def use(n):
    g = inner(3)
    next(g)
    try:
        g.throw(ValueError())
    except StopIteration:
        pass
    leaf(1)
    try:
        g.throw(KeyError())
    except KeyError:
        leaf(2)
    except StopIteration:
        leaf(3)
    list(outer(2))
    h = inner(5)
    for v in h:
        if v == 2:
            break
    h.close()
    leaf(4)
    for d in range(n):
        try:
            deep(d)
        except Exception:
            leaf(d)
class Ctx:
    def __init__(self, n):
        self.n = n
    def __enter__(self):
        leaf(self.n)
        return self
    def __exit__(self, kind, value, trace):
        leaf(self.n)
        return self.n > 1
    def __getitem__(self, i):
        if i > 3:
            raise IndexError(i)
        return leaf(i)
    def __eq__(self, other):
        return leaf(1) == 2
    def __hash__(self):
        return leaf(3)
def contexts():
    with Ctx(2):
        with Ctx(1):
            raiser(2)
    with Ctx(3) as c:
        list(c)
        c == 4
        {c: 1}
        max([1, 2, 3], key=leaf)
        list(map(leaf, [1, 2]))
        raiser(1)
    leaf(9)
def _run():
    use(5)
    contexts()
"""


@pytest.mark.parametrize("name", ["m33", "m0", "rv32"])
def test_the_tree_is_the_one_that_cpython_tells(boot: Callable[..., Board], name: str) -> None:
    board = boot("functions", target_or_skip(name))
    board.exec(PROGRAM)
    with board.count("region") as count:
        board.call("_run")
    assert count.profile is not None
    assert [node for node, _ in visits(count.profile.root) if node.calls < 0 or node.exclusive < 0] == []
    assert python_functions(count.profile.root) == told_by_cpython(PROGRAM)
