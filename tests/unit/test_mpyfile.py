"""What .mpy files say of themselves, and damaged ones; the real ones are made by mpy-cross."""

from __future__ import annotations

import contextlib
import random
import struct
import subprocess
from pathlib import Path

import pytest

from mpy_harness.architectures import ARCH_NAMES
from mpy_harness.architectures.instruction_set import FirmwareFloats, Floats, Precision
from mpy_harness.errors import CorruptModule, IncompatibleModule
from mpy_harness.firmware import mpyfile
from mpy_harness.firmware.mpy_cross import mpy_cross
from mpy_harness.firmware.mpyfile import MpyAbi, MpyFile, NativeModule

M33 = MpyAbi(6, 3, "armv7emsp")
# All kinds of constants and of code: bytecode, native, viper with its own relocations, and assembler.
SOURCE = """
import sys

TEXT, BYTES, BIG, SMALL, REAL = "a constant text of some length", b"bytes", 1 << 90, -5, 1.25e10
NESTED = (1, ("two", b"3", (4.5, None, ..., True)), 1j)

def plain(a, b=2, *c, d, **e):
    return lambda: [a + x for x in c] + [d]

class Kind:
    def method(self):
        try:
            yield self
        finally:
            print("end")
"""
NATIVE = (
    SOURCE
    + """
@micropython.native
def fast(a):
    def inner(b):
        return a + b
    return inner(len("text"))

@micropython.viper
def faster(a: int) -> int:
    p = ptr8(a)
    return p[0] + int(len(TEXT))

@micropython.asm_thumb
def fastest(r0):
    add(r0, r0, 1)
"""
)


def compiled(folder: Path, source: str, *options: str) -> Path:
    (folder / "it.py").write_text(source)
    subprocess.run([mpy_cross("1.26.1"), *options, "it.py"], cwd=folder, check=True, timeout=60)
    return folder / "it.mpy"


@pytest.fixture(scope="module", params=["bytecode", "native"])
def real(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mpy")
    return compiled(folder, SOURCE) if request.param == "bytecode" else compiled(folder, NATIVE, "-march=armv7emsp")


@pytest.fixture
def at(tmp_path: Path) -> Path:
    return tmp_path / "damaged.mpy"


def header(version: int, arch: str, sub_version: int = 3, flags: int | None = None) -> bytes:
    features = sub_version | ARCH_NAMES.index(arch) << 2 | (0x40 if flags is not None else 0)
    return bytes([ord("M"), version, features, 31]) + (bytes([flags]) if flags is not None else b"")


#: An empty module after any header: no names, no constants, two bytes of bytecode.
EMPTY = b"\0\0\x10ab"


def test_real_files_are_whole(real):
    found = mpyfile.inspect(real)
    assert found.abi.version == 6
    assert found.native == (found.abi.arch == "armv7emsp")
    mpyfile.check(found, M33, "m33")


def test_each_byte_of_a_file_belongs_to_one_part(real):
    found = mpyfile.inspect(real)
    assert sum(found.parts.values()) == real.stat().st_size
    assert found.parts["bytecode"] > 50
    assert found.parts["constants"] > len("a constant text of some length")
    assert (found.parts.get("native", 0) > 50) == found.native
    assert found.names >= 10
    assert found.parts["header"] < 60


def test_every_truncation_of_a_real_file_is_corrupt(real, at):
    data = real.read_bytes()
    for end in range(len(data)):
        at.write_bytes(data[:end])
        with pytest.raises(CorruptModule, match=r"damaged\.mpy"):
            mpyfile.inspect(at)


def test_bytes_left_over(real, at):
    at.write_bytes(real.read_bytes() + b"\0")
    with pytest.raises(
        CorruptModule, match=r"the module ends at byte \d+, the file has \d+. Build or download it again"
    ):
        mpyfile.inspect(at)


@pytest.mark.parametrize("seed", range(4))
def test_flipped_bits_never_crash(real, at, seed):
    chance = random.Random(seed)
    data = real.read_bytes()
    for _ in range(500):
        damaged = bytearray(data)
        for _ in range(chance.randrange(1, 4)):
            damaged[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        at.write_bytes(damaged)
        with contextlib.suppress(CorruptModule, IncompatibleModule):
            mpyfile.check(mpyfile.inspect(at), M33, "m33")


@pytest.mark.parametrize("seed", range(4))
def test_noise_never_crashes(at, seed):
    chance = random.Random(seed)
    for arch in ARCH_NAMES:
        for _ in range(30):
            at.write_bytes(header(6, arch) + chance.randbytes(chance.randrange(300)))
            with contextlib.suppress(CorruptModule):
                mpyfile.inspect(at)


@pytest.mark.parametrize(
    "body",
    [
        b"\xff" * 5000,  # a number without end
        b"\xff\xff\xff\xff\x7f\0\0\0",  # far too many names
        b"\0\xff\xff\xff\xff\x7f" + b"\x0a" * 50,  # far too many constants, of which each is a tuple
        b"\0\x01" + b"\x0a\x01" * 20000,  # a tuple in a tuple in a tuple ...
        b"\0\0" + b"\x04\x01" * 20000,  # code in code in code ...
        b"\0\0\x12ab\x10" + b"\x01\x00" * 100,  # relocations without end
        b"\0\x01\x0b\0",  # a constant of no known kind
    ],
)  # fmt: skip
def test_bodies_made_to_hurt(at, body):
    at.write_bytes(header(6, "armv7emsp") + body)
    with pytest.raises(CorruptModule):
        mpyfile.inspect(at)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not a .mpy file"),
        (b"\x7fELF", "not a .mpy file"),
        (b"print('x')", "not a .mpy file"),
        (b"M\x06", "truncated"),
    ],
)
def test_what_is_no_mpy_file(at, data, words):
    at.write_bytes(data)
    with pytest.raises(CorruptModule, match=words):
        mpyfile.inspect(at)


def test_a_folder_and_nothing(tmp_path):
    for path in (tmp_path, tmp_path / "nothing.mpy"):
        with pytest.raises(CorruptModule, match="cannot be read"):
            mpyfile.inspect(path)


def test_flags_of_the_architecture_are_read(at):
    at.write_bytes(header(6, "rv32imc", flags=2) + EMPTY)
    assert mpyfile.inspect(at).abi == MpyAbi(6, 3, "rv32imc", 2)
    at.write_bytes(header(6, "none") + EMPTY)
    sizes = {"header": 7, "names": 0, "constants": 0, "bytecode": 2}
    found = mpyfile.inspect(at)
    assert (found, found.parts) == (MpyFile(at, MpyAbi(6, 3, "none"), parts=found.parts), sizes)


@pytest.mark.parametrize("version", [5, 7, 255])
def test_other_versions_are_named_whatever_follows(at, version):
    at.write_bytes(header(version, "armv7m", 0) + b"\xff\xff")
    with pytest.raises(IncompatibleModule) as caught:
        mpyfile.check(mpyfile.inspect(at), M33, "m33")
    assert str(caught.value) == (
        f"{at} is for armv7m, version {version}.0; board m33 takes armv7emsp, version 6.3. "
        "Build it with ARCH=armv7emsp and MicroPython of .mpy version 6.3."
    )


THUMB = ("armv6m", "armv7m", "armv7em", "armv7emsp", "armv7emdp")


@pytest.mark.parametrize("board", ARCH_NAMES[1:])
@pytest.mark.parametrize("module", [*ARCH_NAMES, "unknown architecture 15"])
def test_which_architecture_loads_where(module, board):
    loads = (
        module in {"none", board}  # none: bytecode
        or (module in THUMB and board in THUMB and THUMB.index(module) <= THUMB.index(board))
    )
    file = MpyFile(Path("x.mpy"), MpyAbi(6, 3, module))
    with (
        contextlib.nullcontext() if loads else pytest.raises(IncompatibleModule, match=f"is for {module}, version 6.3")
    ):
        mpyfile.check(file, MpyAbi(6, 3, board), "it")


def test_sub_version_and_flags_matter_for_native_code_only():
    def fits(file: MpyAbi, board: MpyAbi) -> bool:
        try:
            mpyfile.check(MpyFile(Path("x.mpy"), file), board, "it")
        except IncompatibleModule:
            return False
        return True

    assert fits(MpyAbi(6, 1, "none"), M33)
    assert not fits(MpyAbi(6, 1, "armv7m"), M33)
    assert not fits(MpyAbi(6, 3, "rv32imc", 2), MpyAbi(6, 3, "rv32imc", 1))
    assert fits(MpyAbi(6, 3, "rv32imc", 1), MpyAbi(6, 3, "rv32imc", 3))
    assert not fits(MpyAbi(5, 3, "none"), M33)


def test_the_boards_own_number():
    assert mpyfile.abi_of_board(7942) == MpyAbi(6, 3, "armv7emsp")
    assert mpyfile.abi_of_board(11014) == MpyAbi(6, 3, "xtensawin")
    assert mpyfile.abi_of_board(6 | 3 << 8 | 11 << 10 | 1 << 16) == MpyAbi(6, 3, "rv32imc", 1)
    assert "flags 0x1" in str(mpyfile.abi_of_board(6 | 3 << 8 | 11 << 10 | 1 << 16))


def test_the_text_of_a_native_module_and_what_the_loader_patches_in_it(at):
    text = bytes(range(40))
    # Words 2 to 4, the next after them, word 7, and one of rodata: kinds and counts as py/persistentcode.c reads them.
    relocations = b"\x03\x04\x03\x10\x0d\x0e\x0d\x03\xff"
    at.write_bytes(header(6, "armv7emsp") + b"\0\0" + b"\x82\x42" + text + b"\x10" + relocations)
    (module,) = mpyfile.inspect(at).native_modules
    assert module.text == text
    assert [list(part) for part in module.patched] == [list(range(8, 20)), list(range(20, 24)), list(range(28, 32))]


def test_code_of_mpy_cross_is_no_native_module(real):
    assert mpyfile.inspect(real).native_modules == ()


def test_floats_in_other_registers(tmp_path):
    module: str
    firmware: Floats | None
    for module, firmware, differs, wrong in (("armv7m", "float", True, False), ("armv7emsp", "float", False, False),
                                             ("armv7m", "core", False, False), ("none", "float", False, False),
                                             ("armv7emsp", "core", False, True), ("armv7emdp", "core", False, True),
                                             ("armv7emsp", None, False, False)):  # fmt: skip
        file = MpyFile(tmp_path, MpyAbi(6, 3, module), (NativeModule(b"", ()),))
        precision: Precision = "double" if module == "armv7emdp" else "single"
        floats = FirmwareFloats(firmware, precision)
        assert mpyfile.float_abi_differs(file, floats) is differs
        if wrong:
            with pytest.raises(IncompatibleModule, match=r"in core registers.*ARCH=armv7m"):
                mpyfile.check_floats(file, floats, "mine")
            mpyfile.check_floats(MpyFile(tmp_path, file.abi), floats, "mine")  # of mpy-cross: passes no C floats
        else:
            mpyfile.check_floats(file, floats, "mine")


def test_floats_of_another_precision(tmp_path):
    precision: Precision
    for module, precision in (("armv7emsp", "double"), ("armv7m", "double"), ("armv7emdp", "single")):
        file = MpyFile(tmp_path / "fir.mpy", MpyAbi(6, 3, module), (NativeModule(b"", ()),))
        with pytest.raises(IncompatibleModule, match=r"fir\.mpy .*Floats of the module have (32|64) bits, .*(64|32)"):
            mpyfile.check_floats(file, FirmwareFloats(None, precision), "mine")
        of_mpy_cross = MpyFile(tmp_path, file.abi)  # which has no floats of C
        mpyfile.check_floats(of_mpy_cross, FirmwareFloats(None, precision), "mine")
    file = MpyFile(tmp_path, MpyAbi(6, 3, "armv7emdp"), (NativeModule(b"", ()),))
    with pytest.raises(IncompatibleModule, match=r"takes .*armv7emsp.* have 64 bits, those of the firmware 32: use"):
        mpyfile.check(file, MpyAbi(6, 3, "armv7emsp"), "mine")


def test_header_by_hand_is_what_mpy_cross_writes(tmp_path):
    data = compiled(tmp_path, "x = 1\n", "-march=armv7emsp", "-X", "emit=native").read_bytes()
    assert data[:3] == header(6, "armv7emsp")[:3]
    assert struct.unpack_from("B", compiled(tmp_path, "x = 1\n").read_bytes(), 2)[0] >> 2 == 0
