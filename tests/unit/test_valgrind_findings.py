"""What valgrind says of an error becomes a line of the memory checker."""

from __future__ import annotations

import os
import tempfile

import pytest

from mpy_harness.firmware.guest_program import for_words_of, joined
from mpy_harness.machines.unix.findings import ValgrindFindings, finding
from mpy_harness.memcheck.lines import FindingLine, ModuleLine, parse

CODE = range(0x80000000, 0x80001000)


def stack(*frames: tuple[int, str]) -> str:
    told = "".join(f"<frame><ip>0x{ip:X}</ip>{f'<fn>{name}</fn>' if name else ''}</frame>\n" for ip, name in frames)
    return f"<stack>\n{told}</stack>\n"


def error(what: str, at: str, about: str = "", *others: str, kind: str = "InvalidRead") -> str:
    told = f"<auxwhat>Address 0xa0000010 is {about}</auxwhat>\n" if about else ""
    return f"<error>\n<kind>{kind}</kind>\n<what>{what}</what>\n{at}{told}{''.join(others)}</error>\n"


NATIVE = stack((0x80000010, ""), (0x4000, "mp_execute_bytecode"))
PYTHON = stack((0x5000, "__wrap_gc_alloc"), (0x4000, "mp_execute_bytecode"), (0x80000020, ""))
COLLECTED = stack((0x5000, "guest_after_collection"), (0x5001, "gc_collect"), (0x80000020, ""))


def test_an_overrun():
    line = finding(
        error("Invalid write of size 4", NATIVE, "0 bytes after a block of size 1,040 alloc'd", PYTHON), [CODE]
    )
    assert line is not None
    assert (line.what, line.store, line.size, line.site, line.called) == ("beyond", True, 4, (0x80000010,), "")
    assert line.block is not None
    assert (line.block.start, line.block.size, line.block.by) == (0xA0000010 - 1040, 1040, (0,))


def test_what_the_collector_freed():
    about = "8 bytes inside a recently re-allocated block of size 40 free'd"
    line = finding(error("Invalid read of size 8", NATIVE, about, COLLECTED, NATIVE), [CODE])
    assert line is not None
    assert line.block is not None
    assert (line.what, line.block.end, line.block.start) == ("freed", "collection", 0xA0000008)
    assert (line.block.ended_by, line.block.by) == ((0x80000020,), (0x80000010,))


@pytest.mark.parametrize(
    ("about", "what"),
    [
        ("0 bytes inside a block of size 40 free'd", "freed twice"),
        ("4 bytes inside a block of size 40 alloc'd", "no block"),
    ],
)
def test_a_wrong_free(about: str, what: str):
    at = stack((0x5000, "__wrap_gc_free"), (0x80000030, ""))
    line = finding(error("Invalid free()", at, about, NATIVE, NATIVE, kind="InvalidFree"), [CODE])
    assert line is not None
    assert (line.what, line.site) == (what, (0x80000030,))


def test_a_function_that_native_code_called():
    at = stack((0x5000, "memset"), (0x80000030, ""), (0x80000040, ""))
    line = finding(error("Invalid write of size 1", at, "2 bytes before a block of size 8 alloc'd", PYTHON), [CODE])
    assert line is not None
    assert (line.what, line.called, line.site) == ("before", "memset", (0x80000030, 0x80000040))


@pytest.mark.parametrize(
    ("what", "at", "about"),
    [
        ("Invalid read of size 4", PYTHON, "0 bytes after a block of size 8 alloc'd"),  # the interpreter's
        ("Invalid read of size 4", NATIVE, "not stack'd, malloc'd or (recently) free'd"),  # a signal follows
        ("Conditional jump depends on uninitialised value(s)", NATIVE, "0 bytes after a block of size 8 alloc'd"),
        ("Invalid read of size 4", NATIVE, ""),
    ],
)
def test_what_is_none(what: str, at: str, about: str):
    assert finding(error(what, at, about), [CODE]) is None


def test_what_is_not_whole_is_read_the_next_time():
    first = error("Invalid read of size 4", NATIVE, "0 bytes after a block of size 8 alloc'd", PYTHON)
    with tempfile.TemporaryFile() as file:
        found = ValgrindFindings(file.fileno(), lambda: [(CODE.start, bytes(CODE.stop - CODE.start))])
        assert found.take() == b""
        os.write(file.fileno(), first.encode() + first[:40].encode())
        assert found.peek() == found.peek() != b""
        module, line = parse(found.take())
        assert isinstance(module, ModuleLine)
        assert isinstance(line, FindingLine)
        assert module.text == CODE.start
        assert found.take() == b""
        os.write(file.fileno(), first[40:].encode())
        assert len(list(parse(found.take()))) == 2


def test_the_guests_program_knows_the_size_of_words():
    source = joined()
    assert for_words_of("armv7emsp", source) == source
    assert for_words_of("x64", source).count(b"id(v) + 8,") == source.count(b"id(v) + 4,") == 1
    assert for_words_of("x64", source).count(b'"whence": 8 |') == source.count(b'"whence": 4 |') == 1
