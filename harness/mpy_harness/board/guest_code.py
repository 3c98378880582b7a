"""The program that runs in the guest and answers requests: its files joined, compiled on the host, and loaded.

The guest loads it in a fraction of the time that compiling its source there would take, after every reset.
"""

from __future__ import annotations

import subprocess
from functools import lru_cache
from importlib import resources

from mpy_harness import architectures
from mpy_harness.architectures.marks import Marks
from mpy_harness.board.signs import Signs
from mpy_harness.errors import MachineryError
from mpy_harness.firmware.toolchain import mpy_cross

_COMPILE_SECONDS = 30.0
# Mounts a file system of one file, imports the program from it, and unmounts it: `D` holds the file's bytes. Meanwhile,
# modules of the firmware are not looked for in other file systems: in flash, that would take longer than all the rest.
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
_mpyh.start({link},{imports},{number})
del V,D,P,io,os,sys,_mpyh
"""


def joined(marks: Marks | None = None, settle: str = "") -> bytes:
    """Return the source of the guest's program (see ``compiled``), which sets ``marks``; None for none."""
    folder = resources.files("mpy_harness") / "guest"

    def part(name: str) -> bytes:
        return (folder / name).read_bytes()

    # The class of requests.py begins in values.py.
    requests = part("requests.py").partition(b"class Runtime:\n")[2]
    return b"\n".join([
        b'_SETTLE = const("%s")' % settle.encode(),
        part("common.py"), part("links.py"), part("values.py"), requests, part("files.py"),
        part(marks.guest if marks else "marks_none.py"),
        part("counting.py"),
        part("empty_native.py") if marks else b"",
        part("allocations.py"),
    ])  # fmt: skip


@lru_cache(maxsize=4)
def compiled(micropython: str, decoder: str | None = None, arch: str = "", settle: str = "") -> bytes:
    """Return the guest's program as a .mpy file for that MicroPython version.

    With a ``decoder`` it can mark regions, and holds code for native modules' ``arch``; without, it is bytecode.
    ``settle`` names what it waits for before a request that is counted (guest/counting.py), "" for nothing.
    """
    which = architectures.instruction_set(arch)
    marks = which.marks if decoder and which is not None else None
    options = [f"-march={arch}"] if decoder else []
    try:  # from standard input to standard output: no file that could be left behind
        made = subprocess.run(
            [mpy_cross(micropython), *options, "-s", "_mpyh", "-"],
            input=joined(marks, settle),
            capture_output=True,
            timeout=_COMPILE_SECONDS,
            check=True,
        )
    except subprocess.SubprocessError as error:
        words = (getattr(error, "stderr", None) or b"").decode("utf-8", "replace")
        raise MachineryError(f"mpy-cross did not compile the guest's program: {error} {words}") from error
    return marks.put_into(made.stdout) if marks else made.stdout


def loader(data: str, link: str, imports: list[str] | None, signs: Signs) -> bytes:
    """Return source that loads the program; ``data`` and ``link`` are expressions for its bytes and its link.

    ``imports`` lists folders of the host on the guest's import path. It is None where the host offers no files.
    """
    start = _LOADER.format(link=f"_mpyh.{link}", imports=imports, number=signs.number)
    return (f"D={data}" + start).encode()
