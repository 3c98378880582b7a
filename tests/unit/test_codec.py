"""Values as bytes: round trips, what is refused, and damaged bytes."""

from __future__ import annotations

import contextlib
import enum
import math
import random
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mpy_harness.board.codec import TYPECODES, Reference, decode, encode
from mpy_harness.errors import ConsoleGarbled, Untransferable

ROUNDS = 300


class Thing(Reference):
    def __init__(self, number: int) -> None:
        self.number = number


def there_and_back(value: Any) -> Any:
    return decode(encode(value).joined(), Thing)


def same(one: Any, other: Any) -> bool:
    """Tell whether two values are equal in type and to the bit."""
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and one.dtype == other.dtype and one.tobytes() == other.tobytes()
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return struct.pack("<d", one) == struct.pack("<d", other)
    if isinstance(one, Thing):
        return bool(one.number == other.number)
    if isinstance(one, dict):
        return len(one) == len(other) and all(
            same(k, o) and same(v, w) for (k, v), (o, w) in zip(one.items(), other.items(), strict=True)
        )
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def anything(chance: random.Random, depth: int = 0, *, hashable: bool = False) -> Any:
    """Return a value of any type that can travel."""
    leaves = [
        lambda: None,
        lambda: chance.random() < 0.5,
        lambda: chance.randint(-(2**70), 2**70) >> chance.randrange(70),
        lambda: struct.unpack("<d", chance.randbytes(8))[0] if not hashable else chance.gauss(0, 1e10),
        lambda: "".join(chance.choice("aé€😀\0\n") for _ in range(chance.randrange(9))),
        lambda: chance.randbytes(chance.randrange(20)),
    ]
    if not hashable:
        leaves += [
            lambda: np.frombuffer(chance.randbytes(8 * chance.randrange(5)), TYPECODES[chance.choice([*TYPECODES])]),
            lambda: Thing(chance.randrange(2**32)),
        ]
    size = chance.randrange(4)
    nested: list[Callable[[], Any]] = [
        lambda: tuple(anything(chance, depth + 1, hashable=hashable) for _ in range(size)),
        lambda: frozenset(anything(chance, depth + 1, hashable=True) for _ in range(size)),
    ]
    if not hashable:
        nested += [
            lambda: [anything(chance, depth + 1) for _ in range(size)],
            lambda: {anything(chance, depth + 1, hashable=True) for _ in range(size)},
            lambda: {anything(chance, depth + 1, hashable=True): anything(chance, depth + 1) for _ in range(size)},
        ]
    return chance.choice(leaves if depth > 3 else leaves + nested)()


@pytest.mark.parametrize("seed", range(4))
def test_anything_comes_back_as_it_was(seed):
    chance = random.Random(seed)
    for _ in range(ROUNDS):
        value = anything(chance)
        assert same(there_and_back(value), value), value


@pytest.mark.parametrize(
    "value",
    [0, -1, 2**63 - 1, -(2**63), 2**63, -(2**63) - 1, 10**30, -(10**30), 0.1, -0.0, math.inf, -math.inf,
     5e-324, 1.7976931348623157e308, "", "\0", b"", b"\0\xff", [], (), set(), frozenset(), {}, {1: {2: [(3,)]}},
     {(1, 2): frozenset({3})}],
)  # fmt: skip
def test_edges(value):
    assert same(there_and_back(value), value)


def test_an_int_that_python_would_not_print():
    assert there_and_back([-(1 << 40000)]) == [-(1 << 40000)]


def test_nan_keeps_its_bits():
    for bits in (0x7FF8000000000000, 0xFFF8000000000001, 0x7FF0000000000001):
        value = struct.unpack("<d", struct.pack("<Q", bits))[0]
        assert struct.pack("<d", there_and_back(value)) == struct.pack("<Q", bits)


@pytest.mark.parametrize("code", TYPECODES)
@pytest.mark.parametrize("count", [0, 1, 1000])
def test_arrays_of_each_type(code, count):
    data = np.frombuffer(random.Random(1).randbytes(8 * count), TYPECODES[code])
    back = there_and_back(data)
    assert back.dtype == data.dtype
    assert back.tobytes() == data.tobytes()
    assert back.flags.writeable


@pytest.mark.parametrize(
    "array",
    [
        np.arange(12, dtype=np.int16).reshape(3, 4),
        np.arange(12, dtype=np.int16)[::3],
        np.arange(12, dtype=np.int16)[::-1],
        np.arange(12, dtype=np.float32).reshape(3, 4).T,
        np.asfortranarray(np.arange(12, dtype=np.float64).reshape(3, 4)),
        np.arange(5, dtype=">i4"),
        np.arange(5, dtype=">f8")[::2],
        np.array(7, dtype=np.uint8),
        np.arange(3, dtype=np.longlong),
        np.arange(3, dtype=np.intc),
        np.broadcast_to(np.float32(2), (3, 2)),
    ],
)
def test_arrays_are_flattened_in_reading_order(array):
    back = there_and_back(array)
    assert back.ndim == 1
    assert back.dtype == array.dtype.newbyteorder("<")
    assert back.tolist() == array.ravel().tolist()


def test_bools_become_bytes():
    assert same(there_and_back(np.array([True, False])), np.array([1, 0], np.uint8))


class Colour(enum.IntEnum):
    RED = 3


class Name(str):
    __slots__ = ()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.int16(-3), -3),
        (np.uint64(2**64 - 1), 2**64 - 1),
        (np.float32(0.1), float(np.float32(0.1))),
        (np.bool_(True), True),
        (np.str_("x"), "x"),
        (bytearray(b"ab"), b"ab"),
        (memoryview(b"abcd")[::2], b"ac"),
        (Colour.RED, 3),  # a subclass of int: looking it up in a range would take centuries
        (Name("x"), "x"),
    ],
)
def test_relatives_of_types(value, expected):
    assert same(there_and_back(value), expected)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (object(), "a object cannot be passed to the guest"),
        (1j, "a complex cannot be passed"),
        (np.complex64(1), "a complex cannot be passed"),
        (np.zeros(2, np.complex64), "real and imaginary part as two arrays"),
        (np.zeros(2, np.float16), "no arrays of float16: convert it first"),
        (np.zeros(2, np.longdouble), "no arrays of "),
        (np.array(["a"]), "no arrays of <U1"),
        (np.array([None]), "no arrays of object"),
        (np.zeros(2, "M8[s]"), "no arrays of datetime64"),
        (np.zeros(2, [("a", "i4")]), "no arrays of "),
        (range(3), "a range cannot"),
        (print, "cannot be passed"),
        ("\ud800", "lone surrogates"),
        ({1: ["\udc80"]}, "lone surrogates"),
    ],
)
def test_what_has_no_counterpart_is_refused(value, words):
    with pytest.raises(Untransferable, match=words):
        encode([value])


def test_a_value_that_holds_itself_is_refused():
    value: list[Any] = []
    value.append(value)
    with pytest.raises(Untransferable, match="nested more than 50 deep"):
        encode(value)


def test_a_value_that_is_nested_too_deep_is_refused():
    data = b"l\1\0\0\0" * 100_000 + b"N"
    with pytest.raises(Untransferable, match="nested more than 100 deep"):
        decode(data, Thing)


def test_an_object_of_the_guest_is_named_by_whom_we_ask():
    def no(thing: Reference) -> int:
        raise Untransferable(f"number {thing.number} is gone")

    with pytest.raises(Untransferable, match="number 5 is gone"):
        encode([{"key": (Thing(5),)}], no)


@pytest.mark.parametrize("seed", range(3))
def test_every_truncation_is_noticed(seed):
    chance = random.Random(seed)
    for _ in range(30):
        data = encode([anything(chance) for _ in range(3)]).joined()
        for end in range(len(data)):
            with pytest.raises(ConsoleGarbled, match="its memory is corrupt"):
                decode(data[:end], Thing)


@pytest.mark.parametrize("seed", range(3))
def test_flipped_bits_never_crash(seed):
    chance = random.Random(seed)
    for _ in range(ROUNDS):
        data = bytearray(encode([anything(chance) for _ in range(3)]).joined())
        for _ in range(chance.randrange(1, 4)):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        with contextlib.suppress(ConsoleGarbled, Untransferable):
            decode(bytes(data), Thing)


@pytest.mark.parametrize(
    "data",
    [b"", b"x", b"NN", b"l\xff\xff\xff\xff", b"s\xff\xff\xff\xffa", b"s\1\0\0\0\xff", b"aZ\1\0\0\0a", b"ad\1\0\0\0a",
     b"I\1\0\0\0!", b"I\0\0\0\0", b"e\1\0\0\0l\0\0\0\0", b"d\1\0\0\0l\0\0\0\0N"],
)  # fmt: skip
def test_what_is_no_value(data):
    with pytest.raises(ConsoleGarbled):
        decode(data, Thing)


def _sized(tag: bytes, count: int, content: bytes) -> bytes:
    return tag + struct.pack("<I", count) + content


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (_sized(b"l", 8_000_000, b"N" * 8_000_000), "more than 1,000,000 values"),
        (_sized(b"l", 1_600_000, (b"r" + bytes(4)) * 1_600_000), "more than 10,000 objects"),
        # Whole numbers of one hash: each is compared with all others.
        (
            _sized(b"e", 5000, b"".join(_sized(b"I", 24, b"%024x" % (n * (2**61 - 1))) for n in range(5000))),
            "more than 64 keys of one hash",
        ),
        (
            _sized(b"d", 5000, b"".join(_sized(b"I", 24, b"%024x" % (n * (2**61 - 1))) + b"N" for n in range(5000))),
            "more than 64 keys of one hash",
        ),
    ],
    ids=["values", "references", "set", "dict"],
)
def test_answers_that_would_take_long_are_refused(data, why):
    made: list[int] = []
    with pytest.raises(Untransferable, match=why):
        decode(data, made.append)
    assert len(made) <= 10_000


def test_large_sets_and_dicts_are_none_of_these():
    value = {number: (number, -1) for number in range(50_000)}, {(number, -2) for number in range(50_000)}
    assert decode(encode(value).joined(), Thing) == value
