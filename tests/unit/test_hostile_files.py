"""Files that nobody means well with: pipes, devices, folders, sizes without end. None is waited for, or read whole.

Each is read in a process of its own with so much memory and time that it fails where the limit is missing.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from mpy_harness.architectures import ARCH_NAMES
from mpy_harness.errors import CorruptModule
from mpy_harness.firmware import mpyfile
from mpy_harness.limits import LISTED_FILES, QUESTION_BYTES
from mpy_harness.resources import read_file
from tests.bounded import bounded, bounded_command

MEBIBYTES = 400
HEADER = bytes([ord("M"), 6, 3 | ARCH_NAMES.index("armv7emsp") << 2, 31])
NO_NAMES_NO_OBJECTS = b"\0\0"
#: A native module without any code that has relocations (0x10) and variables (0x40): their size comes next.
NATIVE = b"\2\x50"


@pytest.fixture
def odd(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """What is no file and may have no end, by its kind."""
    path = tmp_path / "odd.mpy"
    if request.param == "device":
        yield Path("/dev/zero")
    elif request.param == "socket":
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(os.fsencode(os.path.relpath(path)))  # a whole path may be too long for a socket's name
            yield path
    else:
        os.mkfifo(path) if request.param == "pipe" else path.mkdir()
        yield path


@pytest.mark.parametrize("odd", ["pipe", "device", "socket", "folder"], indirect=True)
@pytest.mark.parametrize(
    "reader",
    [
        "mpyfile.inspect(path)",
        "read_run(path)",
        "History(path).runs()",
        "Sources('', profiles=[path]).content(Run(created=datetime.now(timezone.utc)), None)",
        "flash_content(path, chip='esp32', offset=0)",
        "sys.exit('parsed') if parse(path) else read_file(path, 1000)",
    ],
)
def test_what_is_no_file_is_not_read(odd, reader):
    code = """
from datetime import datetime, timezone
from pathlib import Path
from mpy_harness.board.imports import parse
from mpy_harness.cli.report_sources import Sources
from mpy_harness.errors import HarnessError
from mpy_harness.firmware import mpyfile
from mpy_harness.machines.espressif.flash import flash_content
from mpy_harness.measurements.history import History
from mpy_harness.measurements.run import Run, read_run
from mpy_harness.resources import read_file
path = Path(sys.argv[1])
try:
    %s
except (HarnessError, OSError):
    print("refused")
"""
    done = bounded(code % reader, odd, mebibytes=MEBIBYTES)
    assert (done.returncode, done.stdout) == (0, "refused\n"), done.stderr


def test_a_file_that_grows_while_it_is_read_has_an_end():
    with pytest.raises(OSError, match="larger than 0 MiB"):
        read_file(Path("/proc/self/maps"), 10)  # says that it is empty


@pytest.mark.parametrize(
    ("command", "said"), [(("sizes",), "is no file: a pipe"), (("compare", "x.json"), "there is no 'x.json'")]
)
def test_commands_say_what_is_no_file(command, said, tmp_path):
    os.mkfifo(tmp_path / "pipe.mpy")
    done = bounded_command(*command, "pipe.mpy", mebibytes=MEBIBYTES, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "body",
    [
        b"\x81" * 8_000_000,
        NO_NAMES_NO_OBJECTS + NATIVE + b"\xff" * 8_000_000 + b"\0\xff",
        NO_NAMES_NO_OBJECTS + NATIVE + b"\xff" * 9 + b"\x7f\xff",
        NO_NAMES_NO_OBJECTS + NATIVE + b"\0" + b"\3\0" + b"\xff" * 9 + b"\x7f\xff",
    ],
    ids=["number", "variables", "more-variables-than-memory", "relocations"],
)
def test_a_module_of_numbers_without_end(body, tmp_path):
    module = tmp_path / "it.mpy"
    module.write_bytes(HEADER + body)
    done = bounded_command("sizes", module, mebibytes=MEBIBYTES)
    assert done.returncode == 1, done.stderr
    assert "it.mpy is truncated or damaged" in done.stderr


def test_variables_as_large_as_memory_are_none_of_these(tmp_path):
    (tmp_path / "it.mpy").write_bytes(HEADER + NO_NAMES_NO_OBJECTS + NATIVE + b"\x8f\xff\xff\xff\x7f" + b"\xff")
    assert mpyfile.inspect(tmp_path / "it.mpy").native_modules[0].bss == 2**32 - 1


def test_a_module_larger_than_any_flash(tmp_path):
    with (tmp_path / "it.mpy").open("wb") as file:
        file.write(HEADER)
        file.truncate(5 << 30)
    with pytest.raises(CorruptModule, match="larger than 16 MiB"):
        mpyfile.inspect(tmp_path / "it.mpy")


def test_what_a_guest_asks_for_fits_or_is_not_read(tmp_path):
    with (tmp_path / "big").open("wb") as file:
        file.truncate(5 << 30)
    (tmp_path / "fits").write_bytes(bytes(999))
    (tmp_path / "not").write_bytes(bytes(1000))
    (tmp_path / "many").mkdir()
    for number in range(LISTED_FILES + 1):
        (tmp_path / "many" / str(number)).touch()
    os.mkfifo(tmp_path / "pipe")
    code = f"""
from pathlib import Path
from mpy_harness.board.hostfiles import HostFiles
folder = Path(sys.argv[1])
files = HostFiles([folder], {{"given": {{"big": folder / "big", "pipe": folder / "pipe"}}}})
for question in (b"r/big", b"r/given/big", b"r/pipe", b"r/given/pipe", b"r/not", b"l/many", b"r/fits", b"s/big"):
    print(len(files.answer(question, 1000)), end=" ")
for question in (b"r" + b"/a" * 4_000_000, b"l" + b"/.." * 4_000_000, b"s" + b"/" * {QUESTION_BYTES}):
    print(len(files.answer(question, 1000)), end=" ")
"""
    done = bounded(code, tmp_path, mebibytes=MEBIBYTES)
    assert done.stdout.split() == ["1"] * 6 + ["1000"] + ["1"] * 4, done.stderr
