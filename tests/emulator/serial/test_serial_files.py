"""A board's own files: read, hidden by others, and after the tests as they were before; and its main.py."""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest

from mpy_harness.board import Board
from mpy_harness.board.asked import life_of
from mpy_harness.board.hostfiles import HostFiles
from mpy_harness.errors import GuestException
from mpy_harness.targets import load_target
from tests.emulator.serial.desk import Desk

OWN = {
    "boot.py": "BOOTED = 1\n",
    "main.py": "import time\nprint('main begins')\nwhile True:\n    time.sleep_ms(5)\n",
    "lib/helper.py": "VALUE = 7\n",
    "data.bin": "0123456789" * 30,
}
WRITE = """
import os
os.mkdir('lib')
for name, text in {own}.items():
    with open(name, 'w') as file:
        file.write(text)
"""
# The bare REPL, to which no file of the harness is mounted.
LOOK = """
def look(folder):
    for name, kind, *_ in os.ilistdir(folder):
        path = folder + '/' + name if folder else name
        if kind == 0x4000:
            yield from look(path)
        else:
            with open(path) as file:
                yield path, file.read()
import os
print(dict(look('')))
"""


@pytest.fixture(scope="module")
def desk(desk_with_files: Desk) -> Desk:
    """The board, with files that somebody put on it; main.py runs."""
    in_bare_repl(desk_with_files, WRITE.format(own=OWN))
    return desk_with_files


def in_bare_repl(desk: Desk, source: str) -> str:
    """Run source text as mpremote would, and let the board start again."""
    with life_of(load_target(desk.target)) as life:
        return life.ask(source.encode()).decode()


def own_files(desk: Desk) -> dict[str, str]:
    files = ast.literal_eval(in_bare_repl(desk, LOOK).strip())
    assert isinstance(files, dict)
    return files


def test_a_board_that_is_busy_with_main_is_interrupted_and_goes_on_with_it(desk, connect):
    board: Board = connect(desk)
    assert board.eval("6 * 7") == 42
    assert board.eval("BOOTED") == 1  # boot.py runs, main.py does not
    board.hard_reset()
    assert board.eval("6 * 7") == 42
    said = bytearray()

    def listen(data: bytes) -> bytes:
        said.extend(data)
        return data

    desk.to_host = listen
    board.close()
    desk.wait_until(lambda: b"main begins" in said)
    desk.to_host = bytes


def test_files_are_as_they_were(desk, connect: Callable[..., Board], tmp_path):
    board = connect(desk)
    assert board.files.list("/") == ["boot.py", "data.bin", "lib/", "main.py"]
    assert board.files.get("data.bin").decode() == OWN["data.bin"]
    assert board.eval("__import__('lib.helper').helper.VALUE") == 7
    board.files.put(b"print('mine')", "main.py")
    board.files.put(b"new", "/folder/new.txt")
    board.exec("import os\nos.remove('data.bin')\nwith open('boot.py', 'a') as file: file.write('more')")
    assert board.files.get("main.py") == b"print('mine')"
    assert board.files.get("boot.py").decode() == OWN["boot.py"] + "more"
    assert board.files.list("/") == ["boot.py", "folder/", "lib/", "main.py"]
    with pytest.raises(GuestException, match="OSError"):
        board.files.get("data.bin")
    (tmp_path / "offered").mkdir()
    (tmp_path / "offered" / "data.bin").write_text("of the host")
    board.host_files = HostFiles([tmp_path / "offered"])
    board.soft_reset()
    assert board.files.get("data.bin") == b"of the host"  # before the board's own
    assert board.files.get("main.py").decode() == OWN["main.py"]
    assert board.files.list("/") == ["boot.py", "data.bin", "lib/", "main.py"]
    board.close()
    assert own_files(desk) == OWN
