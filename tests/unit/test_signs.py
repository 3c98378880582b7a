"""A program's output is passed on whole, without signs, however the console's bytes come."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from mpy_harness.board import signs
from mpy_harness.board.signs import OutputFilter, Signs

SIGNS = Signs(b"0123456789abcdef")
QUESTION = SIGNS.ask_in_text + b"QUJD\r\n"


@given(
    st.data(), st.lists(st.sampled_from([b"a", b"\x04", b"\x0e", b"\x04012", b"0123456789abcdef", b"\r\n", SIGNS.ask]))
)
def test_output_without_signs(data: st.DataObject, parts: list[bytes]) -> None:
    console = b"".join(parts)
    if SIGNS.end in console:  # by chance the end itself
        console = console.partition(SIGNS.end)[0]
    whole = console + SIGNS.end + b"\x04\x04>"
    got: list[bytes] = []
    output = OutputFilter(SIGNS, got.append)
    while whole:
        size = data.draw(st.integers(1, len(whole)))
        output.feed(whole[:size])
        whole = whole[size:]
    assert b"".join(got) == console.replace(SIGNS.ask, b"").replace(QUESTION, b"")
    assert all(got)


def test_what_is_no_sign_is_not_held_back() -> None:
    got: list[bytes] = []
    output = OutputFilter(SIGNS, got.append)
    for data in (b"abc", b"\x040", b"x", b"\x0e"):
        output.feed(data)
    assert got == [b"abc", b"\x040x"]


def test_each_life_has_signs_of_its_own() -> None:
    one, other = Signs(), Signs()
    assert one.end != other.end
    assert re.fullmatch(signs.PATTERN, one.end)
    assert re.fullmatch(signs.PATTERN, other.ask)
    assert re.fullmatch(signs.PATTERN, other.ask_in_text + b"QUJD\r\n")


def test_no_word_of_a_sign_looks_like_an_address() -> None:
    # The collector takes words for addresses whose lowest four bits are 0, and is slower with them (py/gc.c).
    for _ in range(200):
        drawn = Signs()
        assert all(byte & 15 for byte in drawn.end + drawn.ask + drawn.ask_in_text)
