"""The guest's half of a board, compiled on the host.

The guest loads it in a fraction of the time it would take to compile the source, which counts
because every reset needs it again.
"""

from __future__ import annotations

import re
import subprocess
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


# Marks for each decoder of instructions (counting/tcg.py).
_MARKS = {"thumb": "marks_thumb.py", "riscv": "marks_riscv.py", "xtensa": "marks_xtensa.py"}
# Numbers in guest/marks_xtensa.py, and Xtensa's marks (counting/tcg/xtensa.c), which go where the compiler put
# `movi at, number` ("MOVI" of the Xtensa ISA Reference Manual): there is no inline assembler for windowed registers.
_XTENSA_MARKS = {
    1201: 0x433330,
    1202: 0x533330,
    1203: 0x202220,
    1204: 0x102220,
    1205: 0x203330,
    1206: 0x103330,
}


@lru_cache(maxsize=4)
def compiled(micropython: str, decoder: str | None = None, arch: str = "") -> bytes:
    """Return the runtime as a .mpy file for that MicroPython version.

    With a ``decoder`` it can mark regions, and holds code for native modules' ``arch``; without, it is bytecode.
    """
    folder = resources.files("mpy_harness.board") / "guest"
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
    return _with_marks(made.stdout) if decoder == "xtensa" else made.stdout


def _with_marks(runtime: bytes) -> bytes:
    for number, mark in _XTENSA_MARKS.items():
        found = re.findall(rb"(?s)[\x02-\xf2]" + re.escape(bytes([0xA0 | number >> 8, number & 0xFF])), runtime)
        if len(found) != 1:
            raise MachineryError(f"{len(found)} places for the mark {mark:#x} in the guest's runtime, not one")
        runtime = runtime.replace(found[0], mark.to_bytes(3, "little"))
    return runtime


def loader(data: str, link: str, imports: list[str] | None) -> bytes:
    """Return source that loads the runtime; ``data`` and ``link`` are expressions for its bytes and its link.

    ``imports`` lists folders of the host on the guest's import path; None: the host offers no files.
    """
    return (f"D={data}" + _LOADER.format(link=f"_mpyh.{link}", imports=imports)).encode()
