"""Files of the host as guest code reads them: by Python, and by C code through the stream protocol."""

from __future__ import annotations

import ast
import json
import random
import zlib

import pytest

from mpy_harness.board.hostfiles import HostFiles
from mpy_harness.board.natmod_loader import build_module
from mpy_harness.errors import GuestException

LINES = [f"line {number}: äöü€🙂 {'x' * (number % 90)}" for number in range(400)]
TEXT = "\n".join(LINES) + "\nthe last, without an end"
LARGE = bytes(range(256)) * 613


@pytest.fixture
def guest(pool, m33, tmp_path):
    (tmp_path / "large.txt").write_text(TEXT, encoding="utf-8", newline="")
    (tmp_path / "large.bin").write_bytes(LARGE)
    (tmp_path / "small.bin").write_bytes(LARGE[:1000])
    (tmp_path / "edge.bin").write_bytes(LARGE[:8192])
    return pool.board(m33, HostFiles([tmp_path]))


def value(board, source):
    return ast.literal_eval(board.exec(source))


def test_texts_in_blocks(guest):
    assert value(guest, "f = open('large.txt')\nprint(repr(f.read() == open('large.txt', 'rb').read().decode()))")
    assert value(guest, "print([len(line) for line in open('large.txt')])") == [
        len(line) for line in TEXT.splitlines(keepends=True)
    ]
    assert value(guest, "f = open('large.txt')\nf.seek(0)\nprint([f.readline(), f.readline()])") == [
        LINES[0] + "\n",
        LINES[1] + "\n",
    ]
    counted = """
    f = open('large.txt')
    sizes = [len(f.read(997))]
    while sizes[-1]:
        sizes.append(len(f.read(997)))
    print(sizes)
    """
    whole, rest = divmod(len(TEXT), 997)
    assert value(guest, counted) == [997] * whole + [rest, 0]


@pytest.mark.parametrize(("name", "size"), [("large.bin", len(LARGE)), ("small.bin", 1000), ("edge.bin", 8192)])
def test_places_and_sizes(guest, name, size):
    source = f"""
    f = open({name!r}, 'rb')
    found = [f.seek(0, 2), f.tell(), f.read(3), f.seek(-5, 2), f.read(), f.seek(300), f.seek(2, 1), f.read(2), f.tell()]
    f.close()
    print(found)
    """
    end = LARGE[:size]
    assert value(guest, source) == [size, size, b"", size - 5, end[-5:], 300, 302, end[302:304], 304]
    assert value(guest, f"print(open({name!r}, 'rb').read() == (bytes(range(256)) * 613)[:{size}])")


def test_binary_reads_into_arrays(guest):
    source = """
    import array
    f = open('large.bin', 'rb')
    f.seek(1)
    a = array.array('H', bytes(10000))
    b = bytearray(3)
    c = array.array('I', [0])
    print([f.readinto(a), a[0], a[-1], f.readinto(b), bytes(b), f.readinto(c), c[0], f.tell()])
    """
    data = LARGE[1:10001]
    pair = [int.from_bytes(data[at : at + 2], "little") for at in (0, 9998)]
    after = LARGE[10001:10008]
    expected = [10000, *pair, 3, after[:3], 4, int.from_bytes(after[3:], "little"), 10008]
    assert value(guest, source) == expected


def test_a_file_that_is_larger_than_the_heap_that_is_left(guest):
    source = """
    import gc
    gc.collect()
    hold = bytearray(gc.mem_free() - 60000)
    f = open('large.bin', 'rb')
    n = 0
    while part := f.read(1000):
        n += len(part)
    del hold
    print(n)
    """
    assert value(guest, source) == len(LARGE)


@pytest.mark.parametrize("name", ["large.bin", "small.bin"])
def test_c_code_seeks_and_polls(guest, name):
    source = f"""
    import uctypes
    f = open({name!r}, 'rb')
    place = bytearray(8)
    s = uctypes.struct(uctypes.addressof(place), {{"offset": 0 | uctypes.INT32, "whence": 4 | uctypes.INT32}})
    found = []
    for s.offset, s.whence in ((0, 2), (10, 0), (5, 1), (-1, 2)):
        found.append((f.ioctl(2, uctypes.addressof(place)), s.offset, f.tell()))
    print((found, [f.ioctl(r, 1) for r in (1, 3, 5, 6, 9, 10, 99)], f.ioctl(4, 0)))
    """
    size = {"large.bin": len(LARGE), "small.bin": 1000}[name]
    places = [(0, size, size), (0, 10, 10), (0, 15, 15), (0, size - 1, size - 1)]
    assert value(guest, source) == (places, [0, 1, -22, -22, -22, -22, -22], 0)


def test_a_closed_file(guest):
    with pytest.raises(GuestException, match="OSError"):
        guest.exec("f = open('large.bin', 'rb')\nf.close()\nf.read(1)")


STREAM = """
#include "py/dynruntime.h"

// Returns the size of a file, eight bytes from a place on, and what C code is told about a request nobody knows.
static mp_obj_t look(mp_obj_t file, mp_obj_t at) {
    const mp_stream_p_t *stream = mp_get_stream_raise(file, MP_STREAM_OP_READ | MP_STREAM_OP_IOCTL);
    struct mp_stream_seek_t end = {0, 2}, place = {mp_obj_get_int(at), 0};
    int error = 0;
    byte bytes[8];
    stream->ioctl(file, MP_STREAM_SEEK, (uintptr_t)&end, &error);
    stream->ioctl(file, MP_STREAM_SEEK, (uintptr_t)&place, &error);
    mp_uint_t read = stream->read(file, bytes, sizeof(bytes), &error);
    mp_uint_t unknown = stream->ioctl(file, 99, 0, &error);
    mp_obj_t found[] = {
        mp_obj_new_int(end.offset), mp_obj_new_bytes(bytes, read), mp_obj_new_bool(unknown == MP_STREAM_ERROR),
        mp_obj_new_int(error),
    };
    return mp_obj_new_tuple(4, found);
}
static MP_DEFINE_CONST_FUN_OBJ_2(look_obj, look);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    mp_store_global(MP_QSTR_look, MP_OBJ_FROM_PTR(&look_obj));
    MP_DYNRUNTIME_INIT_EXIT
}
"""


def test_binary_reads_of_c_code(guest, m33, tmp_path):
    folder = tmp_path / "stream"
    folder.mkdir()
    (folder / "stream.c").write_text(STREAM)
    (folder / "Makefile").write_text("MOD = stream\nSRC = stream.c\ninclude $(MPY_DIR)/py/dynruntime.mk\n")
    guest.import_native(build_module(folder, m33))
    for name, size in (("large.bin", len(LARGE)), ("small.bin", 1000)):
        for at in (0, 500, size - 4):
            found = value(guest, f"import stream\nprint(stream.look(open({name!r}, 'rb'), {at}))")
            assert found == (size, LARGE[at:size][:8], True, 22)
    guest.exec("with open('own.bin', 'wb') as f: f.write(bytes(range(100)))")
    assert value(guest, "print(stream.look(open('own.bin', 'rb'), 90))") == (100, bytes(range(90, 98)), True, 22)
    assert value(guest, "print(stream.look(open('own.bin', 'r+b'), 96))") == (100, bytes(range(96, 100)), True, 22)


def test_c_code_of_the_firmware_reads_in_blocks(guest, tmp_path):
    (tmp_path / "large.json").write_text(json.dumps(list(range(5000))))
    assert value(guest, "import json\nprint(json.load(open('large.json')) == list(range(5000)))")
    (tmp_path / "large.z").write_bytes(zlib.compress(random.Random(1).randbytes(30000)))
    source = "import deflate\nprint(len(deflate.DeflateIO(open('large.z', 'rb'), deflate.ZLIB).read()))"
    assert value(guest, source) == 30000


def test_large_modules_are_imported_in_blocks(pool, m33, tmp_path):
    (tmp_path / "large_one.py").write_text("".join(f"X{number} = {number}  # {'é' * 50}\n" for number in range(400)))
    board = pool.board(m33, HostFiles([tmp_path]))
    board.exec("import sys\nsys.path.insert(0, '/')\nimport large_one")
    assert board.eval("large_one.X399") == 399
