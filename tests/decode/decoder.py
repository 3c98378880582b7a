"""The decoder of the counting plugin, called from Python."""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mpy_harness
from tests.decode import gcov

SOURCES = Path(mpy_harness.__file__).parent / "counting" / "plugin_c" / "decode"
_NAMES = "rules thumb thumb16 thumb32 thumb_memory thumb_float riscv riscv_compressed xtensa xtensa_float xtensa_narrow"
FILES = [SOURCES / f"{name}.c" for name in (*_NAMES.split(), "avr")]
FLAGS = ["-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-I", str(SOURCES)]
FLOWS = ("next", "call", "return", "jump")
EVENTS = ("none", "entry", "window return", "return", "wait", "may repeat", "may end")
MARKS = ("none", "zero", "one", "start", "stop", "pause", "resume")


@dataclass(frozen=True)
class Insn:
    """What is known of an instruction; ``load`` is (base, offset), ``move`` (to, from), ``target`` of direct jumps."""

    class_: str
    size: int = 4
    flow: str = "next"
    mark: str = "none"
    conditional: bool = False
    target: int | None = None
    words: int = 0
    load: tuple[int, int] | None = None
    move: tuple[int, int] | None = None
    written: frozenset[int] = frozenset()
    event: str = "none"


class _Insn(ctypes.Structure):
    _fields_ = (
        ("class_", ctypes.c_uint8),
        ("flow", ctypes.c_uint8),
        ("mark", ctypes.c_uint8),
        ("size", ctypes.c_uint8),
        ("conditional", ctypes.c_bool),
        ("direct", ctypes.c_bool),
        ("target", ctypes.c_uint32),
        ("words", ctypes.c_uint8),
        ("load_base", ctypes.c_int8),
        ("load_offset", ctypes.c_int32),
        ("move_to", ctypes.c_int8),
        ("move_from", ctypes.c_int8),
        ("written", ctypes.c_uint16),
        ("event", ctypes.c_uint8),
    )


class _State(ctypes.Structure):
    _fields_ = (("it", ctypes.c_uint8),)


class Decoder:
    """The decoder, compiled into ``folder``, or where its execution is measured."""

    def __init__(self, folder: Path) -> None:
        measured = gcov.folder()
        library = (measured or folder) / "decoder.so"
        files = list(FILES)
        if measured is not None:
            files.append(measured / "flush.c")
            files[-1].write_text(gcov.FLUSH)
        compile_c(files, library, "-shared", "-fPIC", *(["--coverage"] if measured is not None else []))
        self._library = ctypes.CDLL(str(library))
        self._is_measured = measured is not None
        self.classes = self._names()

    def close(self) -> None:
        """Write what was measured."""
        if self._is_measured:
            self._library.flush()

    def thumb(self, code: bytes, address: int = 0) -> list[Insn]:
        """Decode all instructions in ``code``, one after the other, as a translation block is."""
        return self._decode(self._library.decode_thumb, code, address)

    def riscv(self, code: bytes, address: int = 0) -> list[Insn]:
        return self._decode(self._library.decode_riscv, code, address)

    def xtensa(self, code: bytes, address: int = 0) -> list[Insn]:
        return self._decode(self._library.decode_xtensa, code, address)

    def avr(self, code: bytes, address: int = 0) -> list[Insn]:
        return self._decode(self._library.decode_avr, code, address)

    def _names(self) -> list[str]:
        names = []
        array = (ctypes.c_char_p * 64).in_dll(self._library, "insn_class_names")
        for name in array:
            names.append((name or b"").decode())
            if names[-1] == "unknown":
                return names
        raise AssertionError(names)

    def _decode(self, function: Callable[..., Any], code: bytes, address: int) -> list[Insn]:
        state, insn, decoded = _State(), _Insn(), []
        buffer = ctypes.create_string_buffer(code, len(code) + 2)
        start, at = ctypes.addressof(buffer), 0
        while at < len(code):
            function(
                ctypes.c_void_p(start + at), ctypes.c_uint32(address + at), ctypes.byref(state), ctypes.byref(insn)
            )
            decoded.append(self._insn(insn))
            at += insn.size
        return decoded

    def _insn(self, insn: _Insn) -> Insn:
        return Insn(
            class_=self.classes[insn.class_],
            size=insn.size,
            flow=FLOWS[insn.flow],
            mark=MARKS[insn.mark],
            conditional=insn.conditional,
            target=insn.target if insn.direct else None,
            words=insn.words,
            load=(insn.load_base, insn.load_offset) if insn.load_base >= 0 else None,
            move=(insn.move_to, insn.move_from) if insn.move_to >= 0 else None,
            written=frozenset(reg for reg in range(16) if insn.written >> reg & 1),
            event=EVENTS[insn.event],
        )


def compile_c(sources: list[Path], output: Path, *flags: str) -> None:
    """Compile with the flags that the plugin is compiled with."""
    command = ["gcc", *FLAGS, *flags, "-o", str(output), *map(str, sources)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
