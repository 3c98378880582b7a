"""Modules that scripts import from host files are judged as those of ``board.import_native`` are."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

import pytest

from mpy_harness.board.board import Board
from mpy_harness.board.device_path import import_mounts
from mpy_harness.board.hostfiles import HostFiles
from mpy_harness.board.pool import BoardPool
from mpy_harness.board.scripts import DeviceScript
from mpy_harness.errors import CorruptModule, FloatAbiWarning, GuestException, HarnessError, IncompatibleModule
from mpy_harness.firmware.natmods import build_natmod
from mpy_harness.firmware.sources import micropython_source
from mpy_harness.firmware.symbols import Symbols
from mpy_harness.resources import natmods_dir
from mpy_harness.targets import Target
from tests.emulator.projects import run, write

ARCH_BITS = 0x3C  # in the third byte of a .mpy file (py/persistentcode.h)
XTENSAWIN = 10


def fir(m33: Target, arch: str) -> bytes:
    version = m33.tools
    return build_natmod(
        natmods_dir() / "fir", arch, source=micropython_source(version), micropython=version
    ).path.read_bytes()


def spoiled(module: bytes, how: str) -> bytes:
    changed = bytearray(module)
    if how == "arch":
        changed[2] = changed[2] & ~ARCH_BITS | XTENSAWIN << 2
    elif how == "version":
        changed[1] = 5
    elif how == "cut":
        changed = changed[: len(changed) // 2]
    else:
        changed = bytearray(b"no module")
    return bytes(changed)


UNFIT: list[tuple[str, type[HarnessError], str]] = [
    (
        "arch",
        IncompatibleModule,
        r"fir\.mpy is for xtensawin, .*takes armv7emsp.*Build it with ARCH=armv7emsp",
    ),
    ("version", IncompatibleModule, r"fir\.mpy is for armv7emsp, version 5\..*takes armv7emsp, version 6"),
    ("cut", CorruptModule, r"fir\.mpy is truncated or damaged: .*Build or download it again"),
    ("none", CorruptModule, r"fir\.mpy is not a \.mpy file"),
]


@pytest.mark.parametrize(("how", "error", "words"), UNFIT)
@pytest.mark.parametrize("statement", ["import fir", "__import__('f' + 'ir')"], ids=["plain", "computed"])
def test_what_does_not_fit_is_named(pool: BoardPool, m33: Target, tmp_path, how, error, words, statement):
    (tmp_path / "fir.mpy").write_bytes(spoiled(fir(m33, "armv7emsp"), how))
    script = tmp_path / "tests" / "script.py"
    script.parent.mkdir()
    script.write_text(f"print('before')\n{statement}\n")
    device = DeviceScript(script, script.parent, (tmp_path,))
    board = pool.board(m33, device.host_files(device.modules(m33)))
    with pytest.raises(error, match=f'(?s){words}.*script.py", line 2'):
        device.run(board)
    assert board.output == "before\n"
    assert board.eval("6 * 7") == 42


def test_a_script_may_have_a_second_choice(pool: BoardPool, m33: Target, tmp_path):
    (tmp_path / "fir.mpy").write_bytes(spoiled(fir(m33, "armv7emsp"), "arch"))
    board = pool.board(m33, HostFiles((), import_mounts([tmp_path])))
    assert board.exec("try:\n    import fir\nexcept ValueError as e:\n    print(e)\n") == "incompatible .mpy arch\n"
    with pytest.raises(GuestException, match="ValueError: my own"):
        board.exec("raise ValueError('my own')")


def test_soft_float_code_on_a_hard_float_core_warns(pool: BoardPool, m33: Target, tmp_path):
    (tmp_path / "fir.mpy").write_bytes(fir(m33, "armv7m"))
    board = pool.board(m33, HostFiles((), import_mounts([tmp_path])))
    with pytest.warns(FloatAbiWarning, match=r"fir\.mpy is built for armv7m"):
        board.exec("import fir")
    board.soft_reset()
    (tmp_path / "fir.mpy").write_bytes(fir(m33, "armv7emsp"))
    board.exec("import fir")  # warnings are errors in this project


@pytest.fixture
def soft(make_board, pool: BoardPool, m33: Target, tmp_path: Path) -> Board:
    """A board whose firmware says that it passes floats in core registers: -mfloat-abi=softfp does that."""
    image = tmp_path / "soft.elf"
    shutil.copy(pool.firmware(m33).elf, image)
    data = bytearray(image.read_bytes())
    (flags,) = struct.unpack_from("<I", data, 36)  # e_flags
    assert flags & 0x400
    struct.pack_into("<I", data, 36, flags & ~0x400 | 0x200)
    image.write_bytes(data)
    assert Symbols(pool.firmware(m33).elf).floats == "float"
    assert Symbols(image).floats == "core"
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "fir.mpy").write_bytes(fir(m33, "armv7emsp"))
    board: Board = make_board(image=image, host_files=HostFiles((), import_mounts([tmp_path / "modules"])))
    return board


def test_hard_float_code_on_soft_float_firmware_is_refused_on_every_path(soft: Board, m33: Target, tmp_path):
    words = r"fir\.mpy is for armv7emsp, .*in core registers.*ARCH=armv7m"
    with pytest.raises(IncompatibleModule, match=words):
        soft.import_native(tmp_path / "modules" / "fir.mpy")
    with pytest.raises(IncompatibleModule, match=words):
        soft.exec("import fir")
    (tmp_path / "modules" / "fir.mpy").write_bytes(fir(m33, "armv7m"))
    soft.exec("import fir")  # its floats are where this firmware says that its own are


def test_a_device_script_reports_it(project):
    (project.path / "lib").mkdir()
    (project.path / "lib" / "fir.mpy").write_bytes(b"M\x06\x1f")
    write(project, test_it="def test_it():\n    print('the guest was here')\n    import fir\n")
    result = run(project, "--device-scripts", "test_it.py", "--device-path", "lib")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["CorruptModule: *fir.mpy is truncated: 3 bytes, its header alone has 4"])
    assert "the guest was here" in result.stdout.str()
