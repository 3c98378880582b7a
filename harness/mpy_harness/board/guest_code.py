"""The guest's half of a board, compiled on the host.

The guest loads it in a fraction of the time it would take to compile the source, which counts
because every reset needs it again.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from functools import lru_cache
from importlib import resources

from mpy_harness.errors import MachineryError
from mpy_harness.firmware.toolchain import mpy_cross

_COMPILE_SECONDS = 30.0
# A file system of one file, just long enough to import the runtime: `D` holds its bytes. All else that is imported
# is the firmware's: looking for it in a file system in flash would take longer than the rest.
_LOADER = """
import sys
P=sys.path[:]
sys.path[:]=['.frozen']
import io,os
class V:
 def mount(s,a,b):0
 def umount(s):0
 def stat(s,p):
  if p!='/_mpyh.mpy':raise OSError(2)
  return(32768,)+(0,)*9
 def open(s,p,m):return io.BytesIO(D)
os.mount(V(),'/_')
sys.path[:]=['/_']
import _mpyh
sys.path[:]=P
os.umount('/_')
del sys.modules['_mpyh']
_mpyh.start({link},{imports})
del V,D,P,io,os,sys,_mpyh
"""


# Marks for each decoder of instructions (counting/plugin.py). Thumb's are assembled. The others have no assembler, or
# not in every version of MicroPython: there, guest/marks_viper.py has numbers, and the instruction that the compiler
# made of each is replaced by its mark.
_MARKS = {"thumb": "marks_thumb.py", "riscv": "marks_viper.py", "xtensa": "marks_viper.py"}
_NUMBERS = range(1201, 1207)
_XTENSA_MARKS = (0x433330, 0x533330, 0x202220, 0x102220, 0x203330, 0x103330)  # counting/plugin_c/decode/xtensa.c


def _xtensa(number: int) -> tuple[bytes, bytes]:
    # `movi at, number` ("MOVI" of the Xtensa ISA Reference Manual).
    mark = _XTENSA_MARKS[_NUMBERS.index(number)]
    return rb"[\x02-\xf2]" + re.escape(bytes([0xA0 | number >> 8, number & 0xFF])), mark.to_bytes(3, "little")


def _riscv(number: int) -> tuple[bytes, bytes]:
    # `addi rd, zero, number`; the mark is `slti zero, zero, 0x4d0` and further ("RV32I", plugin_c/decode/riscv.c).
    mark = 0x4D0 + _NUMBERS.index(number) << 20 | 2 << 12 | 0x13
    return rb"[\x13\x93][\0-\x0f]" + re.escape(bytes([number << 4 & 0xF0, number >> 4])), mark.to_bytes(4, "little")


_REPLACED = {"xtensa": _xtensa, "riscv": _riscv}


@lru_cache(maxsize=4)
def compiled(micropython: str, decoder: str | None = None, arch: str = "") -> bytes:
    """Return the runtime as a .mpy file for that MicroPython version.

    With a ``decoder`` it can mark regions, and holds code for native modules' ``arch``; without, it is bytecode.
    """
    folder = resources.files("mpy_harness") / "guest"
    marks = [_MARKS[decoder], "counting.py", "empty_native.py"] if decoder else ["marks_none.py", "counting.py"]
    source = b"\n".join((folder / name).read_bytes() for name in ("runtime.py", "files.py", *marks, "allocations.py"))
    options = [f"-march={arch}"] if decoder else []
    try:  # from standard input to standard output: no file that could be left behind
        made = subprocess.run(
            [mpy_cross(micropython), *options, "-s", "_mpyh", "-"],
            input=source,
            capture_output=True,
            timeout=_COMPILE_SECONDS,
            check=True,
        )
    except subprocess.SubprocessError as error:
        said = (getattr(error, "stderr", None) or b"").decode("utf-8", "replace")
        raise MachineryError(f"mpy-cross did not compile the guest's runtime: {error} {said}") from error
    return _with_marks(made.stdout, _REPLACED[decoder]) if decoder in _REPLACED else made.stdout


def _with_marks(runtime: bytes, encode: Callable[[int], tuple[bytes, bytes]]) -> bytes:
    for number in _NUMBERS:
        pattern, mark = encode(number)
        found = re.findall(b"(?s)" + pattern, runtime)
        if len(found) != 1:
            raise MachineryError(f"{len(found)} places for mark {number} in the guest's runtime, not one")
        runtime = runtime.replace(found[0], mark)
    return runtime


def loader(data: str, link: str, imports: list[str] | None) -> bytes:
    """Return source that loads the runtime; ``data`` and ``link`` are expressions for its bytes and its link.

    ``imports`` lists folders of the host on the guest's import path; None: the host offers no files.
    """
    return (f"D={data}" + _LOADER.format(link=f"_mpyh.{link}", imports=imports)).encode()
