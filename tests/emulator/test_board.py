"""What a test does with a board, on a real guest: code, values, objects, files, modules, resets."""

from __future__ import annotations

import gc
import re
import shutil
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mpy_harness.board import Board, GuestObject
from mpy_harness.board.codec import TYPECODES
from mpy_harness.board.hostfiles import HostFiles
from mpy_harness.board.natmod_loader import build_module
from mpy_harness.errors import (
    ConsoleTimeout,
    CorruptModule,
    GuestException,
    IncompatibleModule,
    MachineryError,
    Untransferable,
    WrongModule,
)
from mpy_harness.resources import natmods_dir
from mpy_harness.targets import load_target

# What is tested with both ways of passing values; see also test_the_raw_repl_alone.
ODD = "NUL \0, é, €, 😀, '\"\\\n\r\t\x01\x02\x03\x04\x0e"


@pytest.fixture(scope="session")
def iir() -> Path:
    """The .mpy file of a real native module."""
    return build_module(natmods_dir() / "iir", load_target("m33")).path


def needs_window(board: Board) -> None:
    """Skip what is about the window."""
    if board.machine.window is None:
        pytest.skip("this target has no window; see test_board_without_window.py")


def count(board: Board) -> int:
    """Return how many objects the guest keeps for us."""
    return int(board.eval("len(ʬ.objects)"))


# --- exec and eval -------------------------------------------------------------------------------


def test_exec_returns_what_was_printed(board):
    assert board.exec("print('hello')\nprint(6 * 7)") == "hello\n42\n"
    assert board.output == "hello\n42\n"
    with pytest.raises(Untransferable):
        board.call("print", object())
    assert board.output == ""
    assert board.exec("") == ""


def test_names_live_on(board):
    board.exec("import math\ndef area(r):\n    return math.pi * r * r")
    board.exec("x = area(2)")
    assert board.eval("x > 12 and __name__") == "__main__"


@pytest.mark.parametrize("name", [5, None, b"x"])
def test_a_regions_name_is_text(board, name):
    with pytest.raises(TypeError, match=re.escape(f"a region's name is a str, not {name!r}")), board.count(name):
        pass


def test_odd_text_passes_both_ways(board):
    assert board.eval(repr(ODD)) == ODD
    board.exec(f"text = {ODD!r}")
    assert board.eval("text") == ODD
    assert board.call("str", ODD) == ODD


def test_a_long_source(board):
    lines = 3000 if board.machine.window else 300
    board.exec("".join(f"a{number} = {number}\n" for number in range(lines)))
    assert board.eval(f"a{lines - 1}") == lines - 1


def test_long_output(board):
    assert board.exec("for i in range(3000): print('line', i)").splitlines()[-1] == "line 2999"


def test_an_exception(board):
    with pytest.raises(GuestException) as caught:
        board.exec("def f(x):\n    return 1 // x\n\nprint('before')\nf(0)", name="given.py")
    error = caught.value
    assert (error.type, error.message) == ("ZeroDivisionError", "divide by zero")
    assert error.traceback.splitlines() == [
        "Traceback (most recent call last):",
        '  File "given.py", line 5, in <module>',
        '  File "given.py", line 2, in f',
        "ZeroDivisionError: divide by zero",
    ]
    assert error.output == "before\r\n"
    assert str(error) == f"ZeroDivisionError: divide by zero\n{error.traceback}"


@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        ("raise ValueError", "ValueError", ""),
        ("raise ValueError('a: b\\nc')", "ValueError", "a: b\nc"),
        ("class Mine(Exception): pass\nraise Mine(1, 'two')", "Mine", "(1, 'two')"),
        ("raise OSError(2)", "OSError", "[Errno 2] ENOENT"),
        ("import nothing_of_that_name", "ImportError", "no module named 'nothing_of_that_name'"),
        ("assert 1 == 2, 'sums'", "AssertionError", "sums"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt", ""),
        ("a = bytearray(1 << 30)", "MemoryError", "memory allocation failed, allocating 1073741824 bytes"),
        ("x = [\n", "SyntaxError", "invalid syntax"),
        ("if 1:\n    a = 1\n  b = 2", "IndentationError", "unindent doesn't match any outer indent level"),
    ],
)
def test_exceptions_of_each_kind(board, source, kind, message):
    with pytest.raises(GuestException) as caught:
        board.exec(source)
    assert (caught.value.type, caught.value.message) == (kind, message)
    assert board.eval("6 * 7") == 42


def test_a_stack_overflow_in_python_is_an_exception(board):
    with pytest.raises(GuestException) as caught:
        board.exec("def f(): f()\nf()")
    assert (caught.value.type, caught.value.message) == ("RuntimeError", "maximum recursion depth exceeded")
    assert board.eval("6 * 7") == 42


def test_an_error_has_no_chain_of_ours(board):
    with pytest.raises(GuestException) as caught:
        board.exec("1 / 0")
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    "value",
    [None, True, False, 0, -1, 2**31, -(2**63), 2**63, -(2**100), 0.0, 1.5, -2.25, float("inf"),
     float("-inf"), "", ODD, b"", bytes(range(256)), [], (), {}, set(), [1, [2, (3, {4: {5}})]], {"a": None, 1: b"x"},
     {(1, "x"): frozenset({7, 8})}],
)  # fmt: skip
def test_values_pass_both_ways(board, value):
    back = board.call("lambda v: v", value)
    assert type(back) is type(value)
    assert back == value


def test_long_numbers(board):
    board.exec("x = 1 << 20000")  # too long for Python to print in decimal
    assert board.eval("x") == 1 << 20000
    assert board.call("lambda v: v == -x", -(1 << 20000)) is True


def test_a_set_holds_its_elements(board):
    assert board.call("lambda s: (type(s).__name__, len(s))", {1, "b", None}) == ("set", 3)
    assert board.eval("{1, 'b', (2, 3)}") == {1, "b", (2, 3)}
    assert board.eval("{frozenset((1, 2)): 3}") == {frozenset({1, 2}): 3}


# --- floats --------------------------------------------------------------------------------------

F32 = [0x00000000, 0x80000000, 0x00000001, 0x807FFFFF, 0x7F7FFFFF, 0x00800000, 0x3F800001, 0x7F800000, 0xFF800000]


@pytest.mark.parametrize("bits", F32)
def test_scalars_are_exact(board, bits):
    value = struct.unpack("<f", struct.pack("<I", bits))[0]
    assert (
        board.call("lambda v: __import__('struct').unpack('<I', __import__('struct').pack('<f', v))[0]", value) == bits
    )
    back = board.eval(f"__import__('struct').unpack('<f', __import__('struct').pack('<I', {bits}))[0]")
    assert struct.pack("<f", back) == struct.pack("<I", bits)


def test_nan_is_nan(board):
    assert np.isnan(board.eval("float('nan')"))
    assert board.call("lambda v: v != v", float("nan")) is True


@pytest.mark.parametrize("code", TYPECODES)
def test_array_bits_pass_unchanged(board, code):
    # All kinds of NaN, infinities, denormals and negative zeros are among random bits and these.
    special = np.array([0x7FF0000000000001, 0xFFF8000000000000, 1, 1 << 63, 0x7F800001FF800000], np.uint64)
    data = np.concatenate([np.random.default_rng(3).integers(0, 2**64, 500, np.uint64), special]).view(TYPECODES[code])
    held = board.hold(data)
    assert board.call("lambda a: type(a).__name__", held) == "array"
    assert board.call("len", held) == data.size
    back = held.get()
    assert back.dtype == data.dtype
    assert back.tobytes() == data.tobytes()


@pytest.mark.parametrize("code", TYPECODES)
def test_empty_arrays(board, code):
    back = board.call("lambda a: a", np.array([], TYPECODES[code]))
    assert back.size == 0
    assert back.dtype == TYPECODES[code]


@pytest.mark.parametrize(
    "array",
    [
        np.arange(12, dtype=np.int16).reshape(3, 4),
        np.arange(12, dtype=np.float32).reshape(3, 4).T,
        np.arange(12, dtype=np.int32)[::-2],
        np.arange(6, dtype=">i2"),
        np.arange(6, dtype=">f8"),
        np.array(5, np.uint8),
        np.array([True, False]),
    ],
)
def test_the_guest_sees_the_elements_in_reading_order(board, array):
    assert board.call("list", array) == array.ravel().tolist()


def test_the_guest_computes_with_arrays(board):
    assert board.call("sum", np.arange(1000, dtype=np.int32)) == 499500
    back = board.eval("__import__('array').array('h', [1, -2, 3])")
    assert back.dtype == np.int16
    assert back.tolist() == [1, -2, 3]


def test_a_megabyte_and_back(board):
    needs_window(board)
    data = np.random.default_rng(1).integers(0, 256, 1 << 20, np.uint8)
    begun = time.monotonic()
    back = board.hold(data).get()
    assert (back == data).all()
    assert time.monotonic() - begun < 5  # not through the UART: that would take a minute


@pytest.mark.parametrize(
    ("expression", "dtype", "expected"),
    [
        ("memoryview(b'abc')", np.uint8, [97, 98, 99]),
        ("memoryview(bytearray(b'abc'))[1:]", np.uint8, [98, 99]),
        ("memoryview(array('f', [1, 2, 3]))[1:3]", np.float32, [2, 3]),
        ("memoryview(array('h', [1, -2, 3]))[:2]", np.int16, [1, -2]),
        ("memoryview(array('d', [1, 2]))", np.float64, [1, 2]),
        ("memoryview(array('i', []))", np.int32, []),
        ("array('l', [1, -1])", np.int32, [1, -1]),
        ("array('L', [1])", np.uint32, [1]),
        ("array('Q', [2**64 - 1])", np.uint64, [2**64 - 1]),
    ],
)
def test_arrays_and_views_of_the_guest(board, expression, dtype, expected):
    board.exec("from array import array")
    back = board.eval(expression)
    assert back.dtype == dtype
    assert back.tolist() == expected


def test_an_array_of_objects_stays_in_the_guest(board):
    assert isinstance(board.eval("__import__('array').array('O', [1, 'b'])"), GuestObject)
    assert board.eval("6 * 7") == 42


def test_a_bytearray_comes_back_as_bytes(board):
    assert board.eval("bytearray(b'ab')") == b"ab"


# --- call and guest objects ----------------------------------------------------------------------


def test_calls_with_arguments(board):
    board.exec("def f(a, b=2, *rest, c=3, **more): return [a, b, rest, c, more]")
    assert board.call("f", 1) == [1, 2, (), 3, {}]
    assert board.call("f", 1, 5, 6, c="x", d=(7,)) == [1, 5, (6,), "x", {"d": (7,)}]


def test_calls_of_dotted_names(board):
    board.exec("import math, sys")
    assert board.call("math.sqrt", 16) == 4.0
    with pytest.raises(GuestException, match="NameError: name 'cmath2' isn't defined"):
        board.call("cmath2.sqrt", 16)
    with pytest.raises(GuestException, match=r"TypeError: function takes|unexpected keyword|extra keyword"):
        board.call("math.sqrt", 16, 3)


def test_results_that_cannot_be_transferred_stay_in_the_guest(board):
    board.exec(
        "class Counter:\n  def __init__(self, n=0): self.n = n\n"
        "  def up(self, by=1):\n    self.n += by\n    return self.n"
    )
    counter = board.call("Counter", n=5)
    assert isinstance(counter, GuestObject)
    assert counter.up() == 6
    assert counter.up(by=10) == 16
    assert counter.n == 16
    assert board.call("lambda c: c.n", counter) == 16
    assert board.call("lambda cs: cs[0] is cs[1]['c']", [counter, {"c": counter}]) is True
    with pytest.raises(Untransferable, match=r"<Counter object at .*> of the guest has no counterpart on the host"):
        counter.get()
    with pytest.raises(AttributeError, match="'Counter' object has no attribute 'down'"):
        counter.down  # noqa: B018 - there and then
    assert not hasattr(counter, "down")


def test_attributes_are_their_values(board):
    board.exec(
        "import array\nclass Odd:\n    SIZE = 4\n    names = ('a', 'b')\n    data = array.array('h', [1, 2])\n"
        "    def twice(self, x): return 2 * x\n    @property\n    def broken(self): return 1 // 0\n"
        "    class Inner: pass\nodd = Odd()"
    )
    odd = board.hold(board.eval("odd"))
    assert odd.SIZE == 4
    assert odd.SIZE != 5
    assert odd.names == ("a", "b")
    assert odd.data.tolist() == [1, 2]
    assert odd.twice(odd.SIZE) == 8
    assert isinstance(odd.Inner(), GuestObject)
    with pytest.raises(GuestException, match="ZeroDivisionError"):
        odd.broken  # noqa: B018 - it is computed in the guest
    assert [odd.twice(n) for n in range(3)] == [0, 2, 4]


def test_questions_of_the_harness_do_not_count(board):
    board.exec("class Odd:\n    SIZE = 4\n    def twice(self, x): return 2 * x\nodd = Odd()")
    with board.count() as known:
        board.call("odd.twice", 1)
    odd = board.eval("odd")
    with board.count() as first:
        assert board.abi.version == 6
        assert odd.SIZE == 4
        assert odd.twice(1) == 2
    with board.count() as second:
        assert odd.twice(1) == 2
    assert first.instructions == second.instructions
    assert abs(first.instructions - known.instructions) < 500


def test_objects_inside_results(board):
    first, second = board.eval("(print, [len])")
    assert isinstance(first, GuestObject)
    assert second[0]([1, 2, 3]) == 3


def test_guest_objects_are_freed(board):
    board.exec("import gc")
    held = board.hold(bytes(1000))
    base = count(board)
    for _ in range(1000):
        board.hold(b"x")
    gc.collect()
    assert count(board) <= base + 1
    assert held.get() == bytes(1000)
    del held
    board.eval("1")
    assert count(board) == base - 1


def test_an_argument_that_is_refused_loses_no_release(board):
    needs_window(board)
    base = count(board)
    held = board.hold(b"x")
    del held
    with pytest.raises(Untransferable):
        board.hold(object())
    with pytest.raises(Untransferable):
        board.hold(bytes(20 << 20))
    board.eval("1")
    assert count(board) == base


def test_hold_refuses_what_does_not_fit(board):
    needs_window(board)
    with pytest.raises(
        Untransferable, match=r"\d+ bytes do not fit through the window \(\d+ bytes\): pass them in parts"
    ):
        board.hold(np.zeros(3 << 20))
    assert board.eval("6 * 7") == 42


def test_a_result_larger_than_the_window(board):
    needs_window(board)
    board.exec("class Long(list):\n  def __len__(self): return 9\nx = [b'.' * 100000] * 100")
    with pytest.raises(GuestException, match="MemoryError: value larger than the window"):
        board.eval("x")
    assert board.eval("len(x)") == 100


def test_a_result_that_holds_itself(board):
    board.exec("x = []\nx.append(x)")
    with pytest.raises(
        (GuestException, Untransferable), match=r"maximum recursion depth|larger than the window|too deep"
    ):
        board.eval("x")
    assert board.eval("6 * 7") == 42


@pytest.mark.parametrize("reset", ["soft_reset", "hard_reset"])
def test_resets_forget(board, reset):
    board.exec("import sys\nx = 1\nsys.path.append('/mine')")
    board.files.put(b"data", "/file")
    stale = board.hold([1])
    getattr(board, reset)()
    assert board.eval("'x' in globals() or 'sys' in globals() or '/mine' in __import__('sys').path") is False
    assert "file" not in board.files.list("/")
    fresh = board.hold([2])
    gone = rf"<GuestObject \d+ on {board.target.name}> is gone: the board was reset since"
    uses = ((stale.get,), (getattr, stale, "append"), (board.call, "len", stale), (board.hold, [{"a": (stale,)}]))
    for call, *arguments in uses:
        with pytest.raises(Untransferable, match=gone):
            call(*arguments)
    assert fresh.get() == [2]
    del stale, uses, call, arguments
    board.eval("1")
    assert fresh.get() == [2]  # the end of the stale one has not freed it


def test_an_object_of_another_board(make_board):
    one, other = make_board(), make_board()
    held = one.hold([1])
    other.hold([2])
    with pytest.raises(Untransferable, match="is an object of another board"):
        other.call("len", held)
    assert one.call("len", held) == 1


def test_closing_twice(make_board):
    board = make_board()
    board.close()
    board.close()
    assert not board.usable
    with pytest.raises(MachineryError, match="no longer usable"):
        board.eval("1")
    board.hard_reset()
    assert board.eval("6 * 7") == 42


def test_a_value_that_came_back_damaged(make_board):
    board = make_board()
    board.exec(
        "class Liar:\n"
        "  def __init__(self, link): self.link = link\n"
        "  def __getattr__(self, name): return getattr(self.link, name)\n"
        "  def put(self, data): self.link.put(b'Z' * len(data))\n"
    )
    with pytest.raises(MachineryError, match=r"malformed value|its memory is corrupt"):
        board.exec("ʬ.link = Liar(ʬ.link)")
    assert not board.usable


# --- console -------------------------------------------------------------------------------------


def test_expect(make_board):
    board = make_board()
    board.console.write_bytes(b"\x02")  # Ctrl-B: the friendly prompt, whose banner names version and machine
    found = board.expect(r"MicroPython v(\d+)\.(\d+).*with (\S+)\r\n", timeout=5)
    assert (found[1], found[3]) in {(b"1", b"Cortex-M33"), (b"1", b"STM32F405")}
    board.expect(">>> ")
    board.console.write_bytes(b"print('a' 'b')\r")
    assert isinstance(board.expect(b"ab\r\n"), re.Match)


def test_expect_in_vain(make_board):
    board = make_board()
    begun = time.monotonic()
    with pytest.raises(ConsoleTimeout, match=r"the console did not show 'never' within 0.5 s"):
        board.expect("never", timeout=0.5)
    assert time.monotonic() - begun < 2


def test_the_log_keeps_every_byte(make_board):
    board = make_board()
    board.exec("import sys\nfor n in range(200): print('line', n)\nsys.stdout.write(b'\\xff\\x00end')")
    log = board.console.log_path.read_bytes()
    assert b"MicroPython v" in log  # from the first one on
    assert log.count(b"line ") == 200
    assert b"\xff\x00end" in log
    assert board.console.tail(3).splitlines() == ["line 198", "line 199", "�\0end"]


@pytest.mark.guest_time("host")
def test_time_passes(board):
    board.exec("import time")
    ours = time.monotonic()
    first, second = board.eval("time.ticks_us()"), board.eval("time.ticks_us()")
    assert 0 < second - first < (time.monotonic() - ours) * 1e6 + 1000
    steps = board.eval("[time.ticks_us() for _ in range(100)]")
    assert steps == sorted(steps)
    begun = time.monotonic()
    guests = board.eval("(lambda a: (time.sleep_ms(300), time.ticks_diff(time.ticks_us(), a))[1])(time.ticks_us())")
    assert guests >= 300_000
    assert time.monotonic() - begun >= 0.28
    assert (
        board.eval("(lambda a: (time.sleep_us(300000), time.ticks_diff(time.ticks_ms(), a))[1])(time.ticks_ms())") > 295
    )


# --- files ---------------------------------------------------------------------------------------


def test_files(board, tmp_path):
    content = bytes(range(256)) * (300 if board.machine.window else 60)
    (tmp_path / "of the host").write_bytes(content)
    board.files.put(tmp_path / "of the host", "/a/b/c.bin")
    board.files.put(str(tmp_path / "of the host"), "/a/d.bin")
    board.files.put(b"", "empty")
    assert board.files.get("/a/b/c.bin") == content
    assert board.files.list() == ["a/", "empty"]
    assert board.files.list("/a") == ["b/", "d.bin"]
    assert board.files.list("/a/b") == ["c.bin"]
    assert board.eval("len(open('/a/b/c.bin', 'rb').read())") == len(content)
    board.exec("with open('/a/new.txt', 'w') as f: f.write('é €\\n2')")
    assert board.files.get("/a/new.txt") == "é €\n2".encode()
    assert board.eval("list(open('/a/new.txt'))") == ["é €\n", "2"]


@pytest.mark.parametrize("path", ["/nothing", "/a/nothing", "", "/a"])
def test_files_that_are_not_there(board, path):
    board.files.put(b"x", "/a/b")
    with pytest.raises(GuestException, match=r"OSError"):
        board.files.get(path)


def test_a_program_uses_files_as_on_a_real_board(board):
    program = """
import os
os.mkdir("d")
with open("d/log.txt", "w") as f:
    f.write("one\\n")
with open("d/log.txt", "a") as f:
    print("two", file=f)
with open("d/log.txt", "r+b") as f:
    f.seek(4)
    f.write(b"TWO")
os.rename("d/log.txt", "d/new.txt")
os.chdir("d")
assert os.getcwd() == "/d", os.getcwd()
assert os.listdir() == ["new.txt"], os.listdir()
assert os.stat("new.txt")[6] == 8
assert os.stat("/d")[0] & 0x4000
seen = open("new.txt").readlines()
os.remove("new.txt")
for action in (lambda: open("new.txt"), lambda: os.remove("new.txt"), lambda: os.stat("/x"), lambda: os.listdir("/x")):
    try:
        action()
        raise AssertionError("no error")
    except OSError as error:
        assert error.errno == 2, error
os.chdir("/")
os.rmdir("d")
assert "d" not in os.listdir("/")
"""
    board.exec(program)
    assert board.eval("seen") == ["one\n", "TWO\n"]


def test_what_is_written_is_there_before_its_file_is_closed(board):
    board.exec("first = open('a', 'w')\nfirst.write('one')")
    assert board.files.get("a") == b"one"
    board.exec("second = open('a', 'w')\nsecond.write('two')\nfirst.close()")
    assert board.files.get("a") == b"two"
    board.exec("import os\nos.remove('a')\nsecond.close()")
    assert board.files.list() == []


def offer(board: Board, folder: Path) -> Path:
    """Give the guest a folder of the host with something in and beside it."""
    offered = folder / "offered"
    (offered / "sub").mkdir(parents=True)
    (offered / "data.bin").write_bytes(bytes(range(256)))
    (offered / "sub" / "helper.py").write_text("ANSWER = 42\n")
    (offered / ".env").write_text("secret of the project")
    (folder / "secret").write_text("secret of the machine")
    (offered / "link").symlink_to(folder / "secret")
    board.host_files = HostFiles([offered])
    board.soft_reset()
    return offered


def test_the_guest_reads_what_is_offered(board, tmp_path):
    offer(board, tmp_path)
    assert board.files.get("data.bin") == bytes(range(256))
    assert board.files.list() == ["data.bin", "sub/"]
    board.exec("import sys\nsys.path.append('/sub')\nimport helper")
    assert board.eval("helper.ANSWER") == 42


def test_what_the_guest_writes_stays_there(board, tmp_path):
    offered = offer(board, tmp_path)
    before = {path: path.read_bytes() for path in offered.rglob("*") if path.is_file()}
    board.exec(
        "import os\nopen('data.bin', 'wb').write(b'mine')\nopen('new', 'w').write('x')\nos.mkdir('d')\n"
        "os.remove('sub/helper.py')\nopen('sub/other', 'w').close()"
    )
    assert board.files.get("data.bin") == b"mine"
    assert board.files.list("sub") == ["other"]
    assert {path: path.read_bytes() for path in offered.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    "path",
    ["/../secret", "../secret", "/sub/../../secret", "/link", "/.env", "/./.env", "/sub/../.env", "//../../etc/passwd",
     "/etc/passwd", "/proc/self/environ"],
)  # fmt: skip
def test_the_guest_reads_nothing_else(board, tmp_path, path):
    offer(board, tmp_path)
    for use in (f"open({path!r}).read()", f"__import__('os').stat({path!r})", f"__import__('os').listdir({path!r})"):
        with pytest.raises(GuestException, match="OSError"):
            board.eval(use)
    # Hostile code asks without the file system in between.
    for question in [kind + asked for kind in "srl" for asked in (path, path + "\0", "\0" + path)]:
        answer = board.eval(f"ʬ.link.ask({question.encode()!r})")
        assert answer in {None, b""}


@pytest.mark.parametrize("question", [b"", b"s", b"x/data.bin", b"w/data.bin", b"s" + b"/a" * 5000, b"r\xff\xfe"])
def test_questions_that_make_no_sense(board, tmp_path, question):
    offer(board, tmp_path)
    assert board.eval(f"ʬ.link.ask({question!r})") in {None, b"-1", b""}
    assert board.eval("6 * 7") == 42


def test_a_host_file_that_is_larger_than_the_window(board, tmp_path):
    needs_window(board)
    with (offer(board, tmp_path) / "huge").open("wb") as file:
        file.truncate(20 << 20)
    with pytest.raises(GuestException, match="MemoryError"):
        board.eval("open('huge', 'rb').read()")
    assert board.eval("open('huge', 'rb').read(1)") == b"\0"  # it is read in blocks
    assert board.eval("6 * 7") == 42


def test_printing_the_sign_of_a_question(board):
    assert board.exec("print('a\\x0eb')") == "a\x0eb\n"


# --- native modules ------------------------------------------------------------------------------


def test_a_native_module(board, iir):
    module = board.import_native(iir)
    assert board.call("lambda m: m.__name__", module) == "iir"
    assert board.call("lambda m: hasattr(m, 'new')", module) is True


def test_a_native_module_under_another_name(board, iir, tmp_path):
    renamed = tmp_path / "renamed.mpy"
    shutil.copy(iir, renamed)
    assert board.call("lambda m: hasattr(m, 'new')", board.import_native(renamed)) is True


def patched(path: Path, to: Path, at: int, value: int) -> Path:
    data = bytearray(path.read_bytes())
    data[at] = value
    to.write_bytes(data)
    return to


def test_a_module_for_another_architecture(board, iir, tmp_path):
    wrong = patched(iir, tmp_path / "iir.mpy", 2, iir.read_bytes()[2] & 3 | 10 << 2)
    with pytest.raises(IncompatibleModule) as caught:
        board.import_native(wrong)
    takes = f"board {board.target.name} takes armv7emsp, version 6.3"
    assert f"is for xtensawin, version 6.3; {takes}" in str(caught.value)
    assert "Build it with ARCH=armv7emsp and MicroPython of .mpy version 6.3" in str(caught.value)
    assert board.eval("6 * 7") == 42


def test_a_module_of_another_version(board, iir, tmp_path):
    with pytest.raises(IncompatibleModule, match=r"is for \w+, version 5\.3; board \S+ takes"):
        board.import_native(patched(iir, tmp_path / "iir.mpy", 1, 5))


@pytest.mark.parametrize("kept", [0, 1, 3, 4, 50, 0.5, -1])
def test_a_truncated_module(board, iir, tmp_path, kept):
    data = iir.read_bytes()
    (tmp_path / "iir.mpy").write_bytes(data[: int(kept * len(data)) if isinstance(kept, float) else kept])
    with pytest.raises(CorruptModule, match=r"iir\.mpy"):
        board.import_native(tmp_path / "iir.mpy")
    assert board.eval("6 * 7") == 42


def test_a_module_that_is_not_there(board, tmp_path):
    with pytest.raises(CorruptModule, match="cannot be read: No such file"):
        board.import_native(tmp_path / "none.mpy")


def test_a_module_of_the_firmware_goes_first(board, iir, tmp_path):
    shutil.copy(iir, tmp_path / "gc.mpy")
    with pytest.raises(WrongModule, match=r"importing 'gc' gave a module built into the firmware, not /natmods/gc"):
        board.import_native(tmp_path / "gc.mpy")
    shutil.copy(iir, tmp_path / "json.mpy")  # extensible modules of the firmware give way to files
    module = board.import_native(tmp_path / "json.mpy")
    assert board.call("lambda m: hasattr(m, 'new')", module) is True


def test_the_same_module_twice(board, iir):
    first = board.import_native(iir)
    second = board.import_native(iir)
    for module in (first, second):  # the first lives on, as after a reload
        assert board.call("lambda m: m.__name__", module) == "iir"


# --- without shared memory -----------------------------------------------------------------------


def test_the_raw_repl_alone(make_board, iir, tmp_path):
    board: Board = make_board(memory=False)
    assert board.exec("print('hello')") == "hello\n"
    value: list[Any] = [None, True, 2**70, 1.5, ODD, bytes(range(256)), {"a": (1, {2})}]
    assert board.call("lambda v: v", value) == value
    data = np.random.default_rng(2).normal(size=2000).astype(np.float32)
    held = board.hold(data)
    assert held.get().tobytes() == data.tobytes()
    with pytest.raises(GuestException) as caught:
        board.exec("def f(): 1 / 0\nf()", name="given.py")
    assert caught.value.traceback.splitlines()[1] == '  File "given.py", line 2, in <module>'
    content = bytes(range(256)) * 20
    board.files.put(content, "/a/b.bin")
    assert board.files.get("/a/b.bin") == content
    assert board.files.list() == ["a/"]
    offer(board, tmp_path)
    assert board.files.get("data.bin") == bytes(range(256))
    with pytest.raises(GuestException, match="OSError"):
        board.files.get("/link")
    assert board.call("lambda m: hasattr(m, 'new')", board.import_native(iir)) is True
    board.soft_reset()
    with pytest.raises(Untransferable, match="is gone"):
        held.get()
    assert board.eval("6 * 7") == 42


@pytest.mark.parametrize(
    "text", ["a\x0eb", "a\x0eb\nc", "\x0e\n", "\x0eAAAA\n", "\x0e" * 3, "\x0e?", "\x0e?AAA!\n", "\x0e\x04"[:1]]
)
def test_printing_the_sign_of_a_question_on_the_raw_repl(make_board, text):
    board = make_board(memory=False)
    assert board.exec(f"print({text!r}, end='')", timeout=8) == text
    assert board.eval("6 * 7") == 42


def test_a_large_file_of_the_host_on_the_raw_repl(make_board, tmp_path):
    board = make_board(memory=False)
    content = np.random.default_rng(2).bytes(20_000 if board.machine.window else 5_000)
    (offer(board, tmp_path) / "large.bin").write_bytes(content)
    assert board.eval("__import__('hashlib').sha256(open('large.bin', 'rb').read()).digest()", timeout=60) == (
        __import__("hashlib").sha256(content).digest()
    )


PROTOCOL = [
    "a\x04b",
    "\x04",
    "a\x04\x04",
    "\x01\x02\x03\x05",
    "a\x04>b",
    "\x04\x04>",
    "\x04Traceback: no\x04>",
    "R\x01\x80\0\x01",
]


@pytest.mark.parametrize("text", PROTOCOL)
@pytest.mark.parametrize("memory", [True, False], ids=["", "on_the_raw_repl"])
def test_printing_the_signs_of_the_raw_repl(make_board: Callable[..., Board], text: str, memory: bool) -> None:
    board = make_board(memory=memory)
    assert board.exec(f"print({text!r}, end='')") == text
    for how in (f"print({text!r}, end='')\n1 // 0", f"print({text!r}, end='')\nraise ZeroDivisionError({text!r})"):
        with pytest.raises(GuestException) as caught:
            board.exec(how)
        assert (caught.value.type, caught.value.output) == ("ZeroDivisionError", text)
    board.exec(f"def show():\n    print({text!r}, end='')\n    return 5")
    assert board.call("show") == 5
    assert board.output == text
    assert board.eval("1 + 1") == 2


def test_an_exceptions_text_is_whole(make_board: Callable[..., Board]) -> None:
    board = make_board()
    with pytest.raises(GuestException) as caught:
        board.exec("raise ValueError('\\x04\\x04>|\\x04>|end')")
    assert caught.value.message == "\x04\x04>|\x04>|end"


def test_a_program_that_destroys_the_guests_half(make_board: Callable[..., Board]) -> None:
    board = make_board(timeout=3)
    board.exec("import builtins\nbuiltins.ʬ = None")
    with pytest.raises(GuestException, match="NoneType"):
        board.eval("1")
    board.hard_reset()
    assert board.eval("6 * 7") == 42
