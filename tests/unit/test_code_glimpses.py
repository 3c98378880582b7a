"""Single addresses of native code, named by the bytes around them."""

from __future__ import annotations

import random

import pytest

from mpy_harness.counting.glimpses import CodeGlimpses
from mpy_harness.counting.locate import CodeImage
from mpy_harness.firmware.natmod_lines import LineTable
from mpy_harness.firmware.natmod_symbols import NatmodFunction

BASE = 0x10300000


def image(name: str, seed: int, size: int = 200, shared: bytes = b"") -> CodeImage:
    text = random.Random(seed).randbytes(size) + shared
    lines = LineTable((f"{name}.c",), (0, 40), ((0, 3), (0, 7)))
    return CodeImage(name, text, (NatmodFunction("work", 8, size - 8),), (range(100, 104),), lines)


def shown(image: CodeImage, offset: int, size: int = 48) -> tuple[int, bytes]:
    """Return what a guest shows of the memory around an offset, foreign bytes outside of the module among it."""
    memory = b"\xaa" * 64 + image.text + b"\xbb" * 64
    return BASE + offset - 24, memory[64 + offset - 24 : 64 + offset - 24 + size]


@pytest.mark.parametrize("offset", [8, 9, 40, 90, 102, 198])
@pytest.mark.parametrize("size", [46, 47, 48, 49])
def test_function_and_line(offset, size):
    one, other = image("one", 1), image("other", 2)
    words = CodeGlimpses([shown(one, offset, size)], [other, one]).describe(BASE + offset)
    assert words == f"work() of the native module one, one.c:{7 if offset >= 40 else 3}"


def test_relocated_words_differ():
    one = image("one", 1)
    text = bytearray(one.text)
    text[100:104] = b"\x01\x02\x03\x04"
    loaded = CodeImage("one", bytes(text))
    assert CodeGlimpses([shown(loaded, 96)], [one]).describe(BASE + 96)
    text[104] ^= 1
    assert CodeGlimpses([shown(CodeImage("one", bytes(text)), 96)], [one]).describe(BASE + 96) is None


def test_the_offset_where_no_function_is_known():
    bare = CodeImage("one", image("one", 1).text)
    assert CodeGlimpses([shown(bare, 50)], [bare]).describe(BASE + 50) == "the native module one, one+0x32"


def test_of_a_file_and_its_build_the_build_says_more():
    one = image("one", 1)
    bare = CodeImage("one", one.text)
    for images in ([bare, one], [one, bare]):
        assert CodeGlimpses([shown(one, 50)], images).describe(BASE + 50) == "work() of the native module one, one.c:7"


def test_what_two_modules_share_is_of_the_one_that_explains_more():
    library = random.Random(9).randbytes(80)
    one, other = image("one", 1, 120, library), image("other", 2, 60, library)
    place = BASE + 120 + 40
    both = CodeGlimpses([shown(one, 160)], [other, one]).describe(place)
    assert both == "the native module other, other+0x64 or the native module one, one+0xa0"
    with_caller = CodeGlimpses([shown(one, 160), shown(one, 30)], [other, one])
    assert with_caller.describe(place) == "the native module one, one+0xa0"


@pytest.mark.parametrize("blocks", [[], [(BASE, b"")], [(BASE, b"\xaa" * 48)], [(BASE, bytes(8))]])
def test_what_is_no_module(blocks):
    assert CodeGlimpses(blocks, [image("one", 1)]).describe(BASE + 4) is None


def test_too_little_to_tell():
    one = image("one", 1)
    first, code = shown(one, 60)
    assert CodeGlimpses([(first, code[:15])], [one]).describe(first + 4) is None
    assert CodeGlimpses([(first, code[:16])], [one]).describe(first + 4) is not None
