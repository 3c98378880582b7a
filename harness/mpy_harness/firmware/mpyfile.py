"""Look into a .mpy file: whether it is whole, what it is for, and the native modules in it.

The format: MicroPython manual, "MicroPython .mpy files", and py/persistentcode.c of MicroPython 1.26,
whose loader trusts its input: a damaged file can crash the guest.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from mpy_harness import architectures
from mpy_harness.architectures.instruction_set import FirmwareFloats, Floats, Precision
from mpy_harness.errors import CorruptModule, IncompatibleModule
from mpy_harness.limits import ADDRESS_SPACE, MPY_BYTES, MPY_NUMBER_BYTES
from mpy_harness.resources import read_file

#: What the bytes of a .mpy file are.
Part = Literal["header", "names", "constants", "bytecode", "native", "rodata", "relocations"]

_FLAGS_PRESENT = 0x40
_WORD = 4  # bytes, of an architecture that is not known
_RELOCATIONS, _RODATA, _BSS = 0x10, 0x20, 0x40  # MP_SCOPE_FLAG_VIPER* of py/runtime0.h
_NATIVE_PY, _VIPER, _ASM = 1, 2, 3
_OBJ_STR, _OBJ_BYTES, _OBJ_COMPLEX, _OBJ_TUPLE = 5, 6, 9, 10


@dataclass(frozen=True)
class MpyAbi:
    """A .mpy format: version, sub-version (matters for native code), architecture, its flags."""

    version: int
    sub_version: int
    arch: str
    flags: int = 0

    def __str__(self) -> str:
        extra = f", flags {self.flags:#x}" if self.flags else ""
        return f"{self.arch}, version {self.version}.{self.sub_version}{extra}"


@dataclass(frozen=True)
class NativeModule:
    """What mpy_ld.py of MicroPython linked: its native text, and the bytes of rodata and bss that are kept apart.

    ``patched`` holds the offsets of bytes that the loader changes: the text is relocated where it stands.
    ``relocations`` are all words that it changes.
    """

    text: bytes
    patched: tuple[range, ...]
    rodata: int = 0
    bss: int = 0
    relocations: int = 0


@dataclass(frozen=True)
class MpyFile:
    """A whole .mpy file: its header, and the native modules in it (one, where there are any).

    ``parts`` are the file's bytes by what they are: ``header``, ``names`` (with the number of them in ``names``),
    ``constants``, ``bytecode``, ``native`` (machine code), ``rodata`` and ``relocations``; empty for a format
    of another version.
    """

    path: Path
    abi: MpyAbi
    native_modules: tuple[NativeModule, ...] = ()
    parts: dict[Part, int] = field(default_factory=dict)
    names: int = 0

    @property
    def native(self) -> bool:
        """Tell whether the file holds machine code."""
        return self.abi.arch != architectures.NO_ARCH


def abi_of_board(value: int) -> MpyAbi:
    """Decode the guest's ``sys.implementation._mpy``."""
    arch = value >> 10 & 0xF
    return MpyAbi(value & 0xFF, value >> 8 & 3, _arch_name(arch), value >> 16)


def inspect(path: Path) -> MpyFile:
    """Read a .mpy file from front to end.

    Raises CorruptModule where it is no .mpy file, is truncated or has bytes left over.
    """
    try:
        data = read_file(path, MPY_BYTES)
    except OSError as error:
        raise CorruptModule(f"{path.absolute()} cannot be read: {error.strerror}") from error
    if data[:1] != b"M":
        raise CorruptModule(f"{path} is not a .mpy file (it does not begin with 'M')")
    if len(data) < 4:
        raise CorruptModule(f"{path} is truncated: {len(data)} bytes, its header alone has 4")
    abi = MpyAbi(data[1], data[2] & 3, _arch_name(data[2] >> 2 & 0xF))
    if abi.version != 6:  # only this version's body is known; the header says enough to refuse it
        return MpyFile(path, abi)
    reader = _Reader(data, 4)
    try:
        flags = reader.uint() if data[2] & _FLAGS_PRESENT else 0
        reader.module()
    except (IndexError, RecursionError):
        raise CorruptModule(
            f"{path} is truncated or damaged: its {len(data)} bytes end inside the module. Build or download it again."
        ) from None
    if reader.at != len(data):
        raise CorruptModule(
            f"{path} is damaged: the module ends at byte {reader.at}, the file has {len(data)}. "
            "Build or download it again."
        )
    arch = architectures.mpy_arch(abi.arch)
    word = arch.word if arch is not None else _WORD
    modules = tuple(
        NativeModule(
            native.text,
            tuple(range(at * word, (at + count) * word) for at, count in native.patched),
            native.rodata,
            native.bss,
            native.relocations,
        )
        for native in reader.native
    )
    parts = dict(reader.parts)
    parts["header"] = len(data) - sum(parts.values())
    return MpyFile(path, MpyAbi(abi.version, abi.sub_version, abi.arch, flags), modules, parts, reader.names)


def check(file: MpyFile, board: MpyAbi, board_name: str) -> None:
    """Raise IncompatibleModule unless the board can load the file, as MicroPython's loader decides."""
    mine = file.abi
    fits = mine.version == board.version
    if file.native:
        fits = fits and mine.sub_version == board.sub_version and not mine.flags & ~board.flags
        fits = fits and architectures.runs_on(mine.arch, board.arch)
    if not fits:
        raise IncompatibleModule(
            f"{file.path} is for {mine}; board {board_name} takes {board}. "
            f"Build it with ARCH={board.arch} and MicroPython of .mpy version {board.version}.{board.sub_version}."
            + _widths(_precision(mine.arch), _precision(board.arch))
        )


def check_floats(file: MpyFile, firmware: FirmwareFloats, board_name: str) -> None:
    """Raise IncompatibleModule for a module whose floats are not those of the firmware, which would load it.

    Its header says that the code runs on a core with an FPU, and the firmware may take it for such a core even
    where it was compiled to pass floats in core registers (``-mfloat-abi=softfp``).
    """
    if not file.native_modules:
        return
    if (_floats(file), firmware.registers) == ("float", "core"):
        raise IncompatibleModule(
            f"{file.path} is for {file.abi}, whose C functions pass floats in registers of the FPU; the firmware of "
            f"{board_name} passes them in core registers (-mfloat-abi=softfp or soft), so every float between the two "
            "would be wrong. Build the module with ARCH=armv7m, or the firmware with -mfloat-abi=hard."
        )
    if widths := _widths(_precision(file.abi.arch), firmware.precision):
        raise IncompatibleModule(
            f"{file.path} is for {file.abi} and would load on {board_name}, but compute with another precision.{widths}"
        )


def _precision(arch: str) -> Precision:
    found = architectures.mpy_arch(arch)
    return found.precision if found is not None else "single"


def _widths(module: Precision, firmware: Precision) -> str:
    # What to know of floats that are not as wide, "" where they are.
    if module == firmware:
        return ""
    bits = {"single": 32, "double": 64}
    return (
        f" Floats of the module have {bits[module]} bits, those of the firmware {bits[firmware]}: use a module for the "
        "arch of the target, or another target."
    )


def _floats(file: MpyFile) -> Floats | None:
    arch = architectures.mpy_arch(file.abi.arch)
    return arch.floats if arch is not None else None


def float_abi_differs(file: MpyFile, firmware: FirmwareFloats) -> bool:
    """Tell whether a module that the board can load passes C floats in other registers than its firmware.

    Thumb code for a core without FPU loads on a core with one, but ``mp_obj_get_float_to_f`` and the like
    then hand over garbage (Arm IHI 0042, "Procedure Call Standard", section 7).
    """
    return (_floats(file), firmware.registers) == ("core", "float")


def _arch_name(number: int) -> str:
    names = architectures.ARCH_NAMES
    return names[number] if number < len(names) else f"unknown architecture {number}"


@dataclass
class _Native:
    # As NativeModule, but with what is patched in words: where and how many.
    text: bytes
    patched: list[tuple[int, int]]
    rodata: int
    bss: int
    relocations: int


class _Reader:
    """Walks over the parts of a .mpy body; IndexError where they run past its end."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data = data
        self.at = at
        self.native: list[_Native] = []
        self.parts: Counter[Part] = Counter()
        self.names = 0

    def uint(self) -> int:
        value = 0
        for _ in range(MPY_NUMBER_BYTES):
            byte = self.data[self.at]
            self.at += 1
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                return value
        raise IndexError

    def skip(self, count: int) -> None:
        self.at += count
        if self.at > len(self.data):
            raise IndexError

    def module(self) -> None:
        self.names, objects = self.uint(), self.uint()
        start = self.at
        for _ in range(self.names):
            length = self.uint()
            if not length & 1:
                self.skip((length >> 1) + 1)
        self.parts["names"] = self.at - start
        start = self.at
        for _ in range(objects):
            self.object()
        self.parts["constants"] = self.at - start
        self.code()

    def object(self) -> None:
        kind = self.data[self.at]
        self.at += 1
        if kind < _OBJ_STR:
            return
        length = self.uint()
        if kind == _OBJ_TUPLE:
            for _ in range(length):
                self.object()
        elif kind <= _OBJ_COMPLEX:
            self.skip(length + (kind in {_OBJ_STR, _OBJ_BYTES}))
        else:
            raise IndexError

    def code(self) -> None:
        head = self.uint()
        kind, children = head & 3, head & 4
        start = self.at
        self.skip(head >> 3)
        text = self.data[start : self.at]
        self.parts["native" if kind else "bytecode"] += len(text)
        scope = rodata = bss = 0
        if kind == _NATIVE_PY:
            self.uint()
        elif kind:
            scope = self.uint()
            if kind == _ASM:
                self.uint()
                self.uint()
        if kind == _VIPER:
            rodata = self.uint() if scope & _RODATA else 0
            bss = self.uint() if scope & _BSS else 0
            if bss >= ADDRESS_SPACE:
                raise IndexError
            self.skip(rodata)
            self.parts["rodata"] += rodata
        if children:
            for _ in range(self.uint()):
                self.code()
        if kind and scope & _RELOCATIONS:  # of all compilers and linkers, mpy_ld.py alone sets it
            start = self.at
            patched, count = self.relocations()
            self.parts["relocations"] += self.at - start
            self.native.append(_Native(text, patched, rodata, bss, count))

    def relocations(self) -> tuple[list[tuple[int, int]], int]:
        """Return where in the text, in words, how many words are patched, and how many are in all."""
        words: list[tuple[int, int]] = []
        in_text, at, total = False, 0, 0
        while (operation := self.data[self.at]) != 0xFF:
            self.at += 1
            if operation & 1:
                place = self.uint()
                in_text, at = not place & 1, place >> 1
            count = self.uint() if operation >> 1 <= 5 and operation & 2 else 1
            at += count
            if at >= ADDRESS_SPACE:
                raise IndexError
            if in_text:
                words.append((at - count, count))
            total += count
        self.at += 1
        return words, total
