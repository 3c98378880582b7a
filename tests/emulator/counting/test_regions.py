"""Regions that guest code marks: empty ones, nested ones, ones left open, odd names."""

from __future__ import annotations

import itertools
from contextlib import nullcontext, suppress

import pytest

from mpy_harness.board import Board
from mpy_harness.counting.count import Count
from mpy_harness.counting.plugin_lines import MemoryUse
from mpy_harness.errors import GuestException

# Region 16 and beyond are counted no more: what is open at one time has its limit (counting/plugin_c/plugin.h).
OPEN_REGIONS = 16

EMPTY = """
import harness_mark as m
from harness_mark import region

def with_():
    with m.region("it"):
        pass

def with_name():
    with region("it"):
        pass

def without_name():
    with region():
        pass

def in_loop():
    for i in range(5):
        with region("it"):
            pass

def made_before():
    r = region("it")
    for i in range(3):
        with r:
            pass

def nested():
    with region("outer"):
        with region("it"):
            pass
        with region("outer"):
            with region("it"):
                pass

def in_handlers():
    try:
        with region("it"):
            pass
        raise ValueError
    except ValueError:
        with region("it"):
            pass
    finally:
        with region("it"):
            pass

def calls():
    start, stop = m.start, m.stop
    start("it"); stop()
    for i in range(3):
        start("it")
        stop()

def calls_as_arguments(start=m.start, stop=m.stop):
    start("it")
    stop()

def a_generator():
    start, stop = m.start, m.stop
    with region("it"):
        pass
    yield 1
    start("it")
    stop()
    yield 2

def in_generator():
    sum(a_generator())

class Thing:
    def method(self):
        with region("it"):
            pass

def in_method():
    Thing().method()

@micropython.native
def native_with():
    with m.native.region("it"):
        pass
    for i in range(3):
        with m.native.region("it"):
            pass

@micropython.viper
def viper_with():
    with m.viper.region("it"):
        pass
    with m.viper.region("it"):
        pass

@micropython.native
def native(start, stop):
    start("it")
    stop()
    for i in range(3):
        start("it")
        stop()

@micropython.viper
def viper(start, stop):
    start("it")
    stop()
    i: int = 0
    while i < 3:
        start("it")
        stop()
        i += 1

def from_native():
    native(m.native.start, m.native.stop)

def from_viper():
    viper(m.viper.start, m.viper.stop)

def deep(n=20):
    if n:
        return deep(n - 1)
    with region("it"):
        pass
"""
FORMS = [
    line.split()[1].partition("(")[0]
    for line in EMPTY.splitlines()
    if line.startswith("def ") and line.split()[1] not in {"a_generator():", "native(start,", "viper(start,"}
]


def regions(board: Board, call: str) -> list[Count]:
    with board.count("outermost") as count:
        board.call(call)
    return count.regions


def values(counts: list[Count]) -> list[tuple[str, int]]:
    return [(count.name, count.instructions) for count in counts]


@pytest.mark.parametrize("form", FORMS)
def test_empty(counter, form):
    counter.exec(EMPTY)
    for _ in range(2):
        found = [count for count in values(regions(counter, form)) if count[0] != "outer"]
        assert found
        assert found == [(found[0][0], 0)] * len(found)


@pytest.mark.parametrize("mode", ["instructions", "classes", "functions", "memory"])
def test_empty_in_each_mode(counting, mode):
    board = counting(mode)
    board.exec(EMPTY)
    for form in ("with_", "in_loop", "calls", "from_native", "from_viper", "deep"):
        for count in regions(board, form):
            assert count.instructions == 0, form
            assert not any(count.classes.values()), form
            assert mode != "functions" or [node.function.kind for node in nodes(count)] == ["region"], form
            assert mode != "memory" or (uses(count).loads, uses(count).stores) == (0, 0), form


def uses(count: Count) -> MemoryUse:
    assert count.memory is not None
    return count.memory


def nodes(count: Count) -> list:
    assert count.profile is not None
    found = [count.profile.root]
    for node in found:
        found += node.children
    return found


def test_empty_at_module_level(counter):
    source = """
import harness_mark
from harness_mark import region
with harness_mark.region("it"):
    pass
for i in range(3):
    with region("it"):
        pass
"""
    for _ in range(2):
        with counter.count() as count:
            counter.exec(source)
        assert values(count.regions) == [("it", 0)] * 4


def test_empty_in_a_script_that_nobody_counts(counter):
    counter.exec(EMPTY + "with_()\ncalls()\nfrom_native()")
    assert set(values(counter.counts)) == {("it", 0)}
    assert len(counter.counts) == 9


def test_a_request_for_nothing_is_0(counter):
    with counter.count() as count:
        pass
    assert count.instructions == 0
    with counter.count() as count:
        counter.files.list("/")
        counter.hold([1, 2, 3])
    assert count.instructions == 0


def test_requests_add_up(counter):
    counter.exec("def f(n):\n for i in range(n): pass")
    single = []
    for n in (5, 50):
        with counter.count() as count:
            counter.call("f", n)
        single.append(count.instructions)
    with counter.count("outer") as outer:
        counter.call("f", 5)
        with counter.count("inner") as inner:
            counter.call("f", 50)
    assert inner.instructions == single[1]
    assert outer.instructions == sum(single)
    assert [count.name for count in counter.counts] == ["", "", "outer"]
    assert outer.regions == [inner]


# --- left open, stopped twice -------------------------------------------------------------------------


# `i` is there already: a new name would move others in the dictionary where they are looked up.
USUAL = """
import harness_mark as m
i = 0
def work(n):
    for i in range(n):
        pass
def usual():
    with m.region("outer"):
        with m.region("inner"):
            work(10)
"""


def usual(board: Board) -> list[tuple[str, int]]:
    return values(regions(board, "usual"))


@pytest.mark.parametrize(
    "before",
    [
        "m.start('left open')",
        "m.start('left open')\nraise ValueError",
        "with m.region('entered'):\n m.start('left open')",
        "with m.region('raises'):\n raise ValueError",
        "for i in range(40): m.start('%d' % i)",
        "m.stop()",
        "m.stop()\nm.stop()\nm.stop()",
        "m.start('once')\nm.stop()\nm.stop()",
    ],
)
def test_what_a_program_left_does_not_spoil_the_next(counter, before):
    counter.exec(USUAL)
    expected = usual(counter)
    for is_counted in (False, True):
        with suppress(GuestException), counter.count() if is_counted else nullcontext():
            counter.exec(before)
        # Names that it brought make the next allocation another one, which is in "outer" alone.
        assert [name for name, _ in usual(counter)] == ["inner", "outer"]
        assert usual(counter)[0] == expected[0]
    counter.soft_reset()
    counter.exec(USUAL)
    assert usual(counter) == expected


def test_a_region_ends_with_an_exception(counter):
    counter.exec("""
        import harness_mark as m
        def throws(n):
            with m.region("throws"):
                for i in range(n):
                    pass
                raise ValueError
    """)
    found = []
    for n in (1, 2, 3):
        with pytest.raises(GuestException), counter.count() as count:
            counter.call("throws", n)
        assert count.finished
        assert count["throws"].finished
        assert count.instructions > count["throws"].instructions > 0
        found.append(count["throws"].instructions)
    assert found[2] - found[1] == found[1] - found[0] > 0


def test_a_region_that_is_left_open_ends_with_the_request(counter):
    counter.exec("""
        import harness_mark
        start, stop = harness_mark.start, harness_mark.stop
        def leaves(n):
            start("left")
            for i in range(n):
                pass
        def stops():
            stop()
            stop()
    """)
    found = []
    for n in (0, 5, 10):
        with counter.count() as count:
            counter.call("leaves", n)
        ((name, left),) = values(count.regions)
        assert (name, count.finished, count.regions[0].finished) == ("left", True, False)
        assert 0 < left < count.instructions
        found.append((left, count.instructions))
    for one, two in itertools.pairwise(found):
        assert two[0] - one[0] == two[1] - one[1] > 0
    counter.call("leaves", 5)
    assert (counter.counts[-1].name, counter.counts[-1].finished) == ("left", False)
    with counter.count() as count:
        counter.call("stops")
        counter.call("stops")
    assert count.regions == []
    assert count.finished


def test_a_stop_too_many_stops_nothing(counter):
    counter.exec("""
        from harness_mark import start, stop
        def stops(n, stop=stop):
            for i in range(n):
                stop()
    """)
    found = []
    for n in (1, 2, 3):
        with counter.count() as count:
            counter.call("stops", n)
        assert count.regions == []
        assert count.finished
        found.append(count.instructions)
    assert found[2] - found[1] == found[1] - found[0] > 0


def test_a_deep_nest(counter):
    counter.exec("""
        from harness_mark import region
        def nest(n):
            if n:
                with region("%d" % n):
                    nest(n - 1)
    """)
    with counter.count() as count:  # itself an open region
        counter.call("nest", 20)
    found = {each.name: each.instructions for each in count.regions}
    innermost_kept = 20 - (OPEN_REGIONS - 1) + 1
    assert sorted(found, key=int) == [str(n) for n in range(innermost_kept, 21)]
    assert all(found[str(n)] > found[str(n - 1)] for n in range(innermost_kept + 1, 21))
    with counter.count() as count:
        counter.call("nest", 3)
    assert [each.name for each in count.regions] == ["1", "2", "3"]
    assert count["1"].instructions > 0  # it calls nest(0)


def test_a_name_costs_the_region_around_nothing(counter):
    def around(name: str) -> int:
        counter.exec(f"""
            import harness_mark
            def nest():
                with harness_mark.region("around"):
                    with harness_mark.region("{name}"):
                        pass
        """)
        with counter.count() as count:
            counter.call("nest")
        return count["around"].instructions

    # A longer string constant is not found among the interned ones, which is all that remains.
    assert around("x" * 200) - around("x" * 100) < 100


@pytest.mark.parametrize("mark", ["start(5)", "region(5)", "native.start(None)"])
def test_a_name_that_is_no_text(counter, mark):
    with pytest.raises(GuestException, match="TypeError"):
        counter.exec(f"import harness_mark\nharness_mark.{mark}")


@pytest.mark.parametrize("name", ["é", "区域 😀", "a b\tc\nd", "\"quoted\" 'twice' \\", "x" * 254, "\x7f", "{}", "%s"])
def test_names(counter, name):
    counter.exec("""
        import harness_mark as m
        def named(name, start=m.start, stop=m.stop):
            with m.region(name):
                pass
            start(name)
            stop()
    """)
    with counter.count(name) as count:
        counter.call("named", name)
    assert count.name == name
    assert values(count.regions) == [(name, 0), (name, 0)]
    assert count[name].instructions == 0


def test_a_name_that_is_too_long_is_cut(counter):
    counter.exec("from harness_mark import region\ndef named(name):\n with region(name): pass")
    with counter.count() as count:
        counter.call("named", "é" * 5000)
    ((name, instructions),) = values(count.regions)
    assert len(name) >= 100
    assert name.startswith("é" * 100)
    assert instructions == 0


def test_a_name_that_is_no_region(counter):
    with counter.count() as count:
        counter.exec("import harness_mark as m\nwith m.region('there'): pass")
    with pytest.raises(KeyError, match="no region 'elsewhere' here, but 'there'"):
        count["elsewhere"]
