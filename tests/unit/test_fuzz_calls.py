"""Calls that are made up: the MicroPython that they are written as, and how they are made small."""

from __future__ import annotations

import random

import pytest

from mpy_harness.fuzzing.calls import SIZES, Call, Collect, Make, Name, Word, imports, lines, needed
from mpy_harness.fuzzing.hunt import RandomDraw, joined, plainly_named
from mpy_harness.fuzzing.making import Maker, items_of
from mpy_harness.fuzzing.shrinking import Shrinker
from mpy_harness.fuzzing.surface import Surface, surface_of

FACTS = {
    "functions": [("new", 1, 1), ("run", 2, 3), ("anything", -1, -1)],
    "objects": {"low": "Filter"},
    "buffers": ["sos"],
    "types": {"Filter": [("run", 1, 2), ("reset", 0, 0)]},
}


@pytest.fixture
def surface() -> Surface:
    return surface_of("iir", FACTS)


@pytest.mark.parametrize("length", [0, 1, 2, 3, 7, 24, 25, 1000])
@pytest.mark.parametrize("items", [("1",), ("1", "2"), ("1", "2", "3")])
def test_a_buffer_has_the_length_that_it_is_to_have(length: int, items: tuple[str, ...]) -> None:
    # What it is written as is Python as well.
    names: dict = {}
    made = Make("a", "array", "h", length, items)
    exec("from array import array\n" + made.text, names)  # noqa: S102 - lines of MicroPython that are Python as well
    assert names["a"].tolist() == [int(items[at % len(items)]) for at in range(length)]
    for kind, is_a in (("bytes", bytes), ("bytearray", bytearray), ("readonly", memoryview)):
        exec(Make("b", kind, "B", length, items).text, names)  # noqa: S102 - lines of MicroPython that are Python as well
        assert isinstance(names["b"], is_a)
        assert bytes(names["b"]) == bytes(names["a"].tolist())


@pytest.mark.parametrize("typecode", SIZES)
def test_all_items_fit_their_typecode(typecode: str) -> None:
    items = items_of(typecode)
    exec(f"from array import array\na = array({typecode!r}, [{', '.join(items)}])", {})  # noqa: S102 - lines of MicroPython that are Python as well
    assert len(set(items)) == len(items) > 10


def test_all_that_is_made_up_is_python_and_uses_only_what_is_there(surface: Surface) -> None:
    kinds, words, views = set(), set(), 0
    maker = Maker(surface, RandomDraw(1))
    kept, chance = [maker.steps(4)], random.Random(2)
    for _ in range(300):
        steps = maker.changed(chance.choice(kept)) if len(kept) > 5 else maker.steps(8)
        kept.append(steps)
        assert needed(steps, surface.given) == steps
        compile(imports("iir", steps) + "\n".join(lines(steps, bare=False)), "made up", "exec")
        kinds |= {step.kind + step.typecode for step in steps if isinstance(step, Make)}
        arguments = [arg for step in steps if isinstance(step, Call) for arg in step.args]
        words |= {arg.text for arg in arguments if isinstance(arg, Word)}
        words |= {item for step in steps if isinstance(step, Make) for item in step.items}
        views += sum(isinstance(arg, Name) and arg.start is not None for arg in arguments)
    assert {f"array{code}" for code in SIZES} | {"bytesB", "bytearrayB", "readonlyB"} <= kinds
    assert {"None", "float('nan')", "0", str(2**31 - 1)} <= words
    assert views > 10


def test_neighbours_differ_in_one_step(surface: Surface) -> None:
    steps = (Make("a1", "array", "f", 6, ("1.0",)), Call("r2", "iir", "new", (Name("a1"), Word("3"))))
    neighbours = Maker(surface, RandomDraw(0)).neighbours(steps)
    assert len(neighbours) == len(set(neighbours)) or len(neighbours) > 80
    assert all(sum(a != b for a, b in zip(steps, other, strict=True)) <= 1 for other in neighbours)
    assert (steps[0], Call("r2", "iir", "new", (Name("a1"), Name("a1")))) in neighbours  # the same buffer twice
    assert {step.typecode for step, _ in neighbours if isinstance(step, Make)} == set(SIZES)


def test_the_same_seed_makes_the_same(surface: Surface) -> None:
    one, same, other = (Maker(surface, RandomDraw(seed)).steps(50) for seed in (5, 5, 6))
    assert one == same != other


def test_only_one_function_and_what_makes_its_objects() -> None:
    functions = surface_of("iir", FACTS, only="new")
    calls = [step for step in Maker(functions, RandomDraw(0)).steps(60) if isinstance(step, Call)]
    assert {call.function for call in calls if call.owner == "iir"} == {"new"}
    method = surface_of("iir", {**FACTS, "functions": [("new", 1, 1)]}, only="reset")
    calls = [step for step in Maker(method, RandomDraw(0)).steps(60) if isinstance(step, Call)]
    assert {(call.owner, call.function) for call in calls} == {("iir", "new"), ("low", "reset")}


def test_a_sequence_is_made_small(surface: Surface) -> None:
    """It fails where the second argument of run() is a buffer of more than 3 items with a 7 in it."""
    runs = 0

    def fails(steps) -> bool:
        nonlocal runs
        runs += 1
        made = {step.name: step for step in steps if isinstance(step, Make)}
        calls = [step for step in steps if isinstance(step, Call) and step.function == "run" and len(step.args) > 1]
        used = [
            made[call.args[1].name] for call in calls if isinstance(call.args[1], Name) and call.args[1].name in made
        ]
        return any(buffer.length > 3 and "7" in buffer.items for buffer in used)

    noise = Maker(surface, RandomDraw(3)).steps(10)
    steps = (
        *noise,
        Make("a90", "array", "h", 100, ("1", "7", "3")),
        Collect(),
        Call("r91", "iir", "run", (Name("a90", 2), Name("a90", 1, 5), Word("None"))),
        Call("r92", "iir", "new", (Name("a90"),)),
    )
    assert fails(steps)
    smallest = Shrinker(fails, surface.given, 150).shrink(steps)
    assert [step.text for step in smallest] == [
        "a90 = array('h', [7] * 4)",
        "r91 = iir.run(0, a90, 0)",
    ]
    assert runs <= 152
    few = Shrinker(fails, surface.given, 3).shrink(steps)
    assert fails(few)


def test_sequences_that_are_joined_do_not_share_names(surface: Surface) -> None:
    maker = Maker(surface, RandomDraw(4))
    several = [maker.steps(6) for _ in range(4)]
    steps = joined(several)
    names = [step.name for step in steps if step.name]
    assert len(names) == len(set(names))
    assert needed(steps, surface.given) == steps
    assert len(steps) == sum(map(len, several))


def test_hypothesis_chooses_and_makes_it_small(surface: Surface) -> None:
    st = pytest.importorskip("hypothesis.strategies", reason="Hypothesis is not installed: pip install hypothesis")
    from hypothesis import find, settings

    from mpy_harness.fuzzing.strategy import HypothesisDraw

    @st.composite
    def sequences(draw):
        return Maker(surface, HypothesisDraw(draw)).steps(draw(st.integers(1, 4)))

    def has_a_view(steps) -> bool:
        calls = [step for step in steps if isinstance(step, Call)]
        return any(isinstance(arg, Name) and arg.start is not None for call in calls for arg in call.args)

    quick = settings(max_examples=400, database=None, derandomize=True, deadline=None)
    smallest = find(sequences(), has_a_view, settings=quick)
    assert len([step for step in smallest if isinstance(step, Call)]) == 1


def test_names_are_plain_in_the_end() -> None:
    steps = (
        Make("a21_7", "array", "h", 1, ("1",)),
        Collect(),
        Call("r30_7", "m", "new", (Name("a21_7", 1), Name("x"))),
    )
    assert [step.text for step in plainly_named(steps)] == [
        "a1 = array('h', [1])",
        "gc.collect()",
        "r2 = m.new(memoryview(a1)[1:], x)",
    ]


def test_lines_catch_exceptions_unless_they_are_bare() -> None:
    steps = (Make("a1", "array", "h", 1, ("1",)), Call("r2", "m", "new", (Name("a1"),)), Call("r3", "r2", "run", ()))
    assert list(lines(steps, bare=True)) == ["a1 = array('h', [1])", "r2 = m.new(a1)", "r2.run()"]
    names: dict = {"m": None}
    exec(imports("sys", steps) + "\n".join(lines(steps, bare=False)), names)  # noqa: S102 - lines of MicroPython that are Python as well
    assert names["r2"] is None
