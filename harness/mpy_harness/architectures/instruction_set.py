"""What an entry of the table says: an instruction set, its architectures in MicroPython, and who compiles for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mpy_harness.architectures.faults import FaultFormat
from mpy_harness.architectures.marks import Marks

#: The registers in which C functions pass floats.
Floats = Literal["core", "float"]
#: How wide MicroPython's floats are: 32 or 64 bits.
Precision = Literal["single", "double"]


@dataclass(frozen=True)
class FirmwareFloats:
    """The floats of a firmware: the registers in which its C functions pass them, None where not known; how wide."""

    registers: Floats | None
    precision: Precision = "single"


@dataclass(frozen=True)
class Compiler:
    """A GNU compiler: the prefix of its programs, and how to get them.

    ``gcc`` and ``binutils`` are the Debian packages of compiler and linker; None where Debian has none, then ``advice``
    says where else they are.
    """

    prefix: str
    gcc: str | None = None
    binutils: str | None = None
    advice: str | None = None

    @property
    def packages(self) -> dict[str, str]:
        """Return the Debian packages by the program that is in them."""
        known = {"gcc": self.gcc, "ld": self.binutils}
        return {f"{self.prefix}{name}": package for name, package in known.items() if package is not None}


@dataclass(frozen=True)
class MpyArch:
    """An architecture of native code, as MicroPython's makefiles and ``.mpy`` files call it.

    ``number`` stands for it in the header of a ``.mpy`` file and in ``sys.implementation._mpy`` (py/persistentcode.h).
    ``compiler`` is that of py/dynruntime.mk; None where that builds nothing. ``word`` is the size of a pointer in
    bytes. ``floats``: the registers in which C functions pass floats (Arm IHI 0042, section 7). ``precision``: that of
    MicroPython's floats, where py/dynruntime.mk is not told otherwise. ``core`` is the core of a target that
    has the instructions of this architecture and no more. ``variant`` is the flag that asks for this architecture where
    the compiler may have been installed without it, and ``package`` Debian's package that has it.
    """

    name: str
    number: int
    compiler: Compiler | None = None
    word: int = 4
    floats: Floats | None = None
    precision: Precision = "single"
    core: str | None = None
    variant: str | None = None
    package: str | None = None


@dataclass(frozen=True)
class CallPattern:
    """A call instruction: its size in bytes; as a number, the first byte the least, its ``bits`` are ``value``."""

    size: int
    bits: int
    value: int


@dataclass(frozen=True)
class InstructionSet:
    """An instruction set.

    ``arches`` are its architectures in MicroPython, the least first; ``runs_lesser``: a core of one also runs code of
    those before it. ``elf_machines`` are its names in ELF files (pyelftools). ``pointer_bits`` are those of a pointer
    to code that are no part of the address. ``has_vectors``: an image begins with the addresses of its exception
    handlers; where it does not, ``handlers`` are the names of those of our boards. ``arguments`` are the numbers of the
    registers in which C functions take their first arguments, and ``calls`` what call instructions look like, where
    somebody has to know. ``faults`` is None where no board of ours reports any. ``marks`` are None where the counting
    plugin has no decoder; the decoder is called ``name``. ``compiler`` is that of plain C, where MicroPython has no
    architecture that says it. ``data_at`` is what ELF files add to addresses of data, whose numbers are those of code
    otherwise. ``paint`` are the lowest bytes of the stack as start-up code paints them, where nothing else limits it.
    """

    name: str
    arches: tuple[MpyArch, ...]
    elf_machines: tuple[str, ...]
    runs_lesser: bool = False
    pointer_bits: int = 0
    has_vectors: bool = False
    handlers: tuple[str, ...] = ()
    arguments: tuple[int, ...] = ()
    calls: tuple[CallPattern, ...] = ()
    faults: FaultFormat | None = None
    marks: Marks | None = None
    compiler: Compiler | None = None
    data_at: int = 0
    paint: bytes = b""

    def code_address(self, pointer: int) -> int:
        """Return the address of the code that a pointer points to."""
        return pointer & ~self.pointer_bits

    def ends_with_call(self, code: bytes) -> bool:
        """Tell whether what comes behind a piece of code may be where a call returns to."""
        return any(
            len(code) >= call.size and int.from_bytes(code[-call.size :], "little") & call.bits == call.value
            for call in self.calls
        )
