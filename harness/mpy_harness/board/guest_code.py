"""The guest's half of a board, compiled on the host.

The guest loads it in a fraction of the time it would take to compile the source, which counts
because every reset needs it again.
"""

from __future__ import annotations

import subprocess
from functools import lru_cache
from importlib import resources

from mpy_harness import architectures
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


@lru_cache(maxsize=4)
def compiled(micropython: str, decoder: str | None = None, arch: str = "") -> bytes:
    """Return the runtime as a .mpy file for that MicroPython version.

    With a ``decoder`` it can mark regions, and holds code for native modules' ``arch``; without, it is bytecode.
    """
    folder = resources.files("mpy_harness") / "guest"
    which = architectures.instruction_set(arch)
    marks = which.marks if decoder and which is not None else None
    counting = [marks.guest, "counting.py", "empty_native.py"] if marks else ["marks_none.py", "counting.py"]
    names = ("runtime.py", "files.py", *counting, "allocations.py")
    source = b"\n".join((folder / name).read_bytes() for name in names)
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
    return marks.put_into(made.stdout) if marks else made.stdout


def loader(data: str, link: str, imports: list[str] | None) -> bytes:
    """Return source that loads the runtime; ``data`` and ``link`` are expressions for its bytes and its link.

    ``imports`` lists folders of the host on the guest's import path; None: the host offers no files.
    """
    return (f"D={data}" + _LOADER.format(link=f"_mpyh.{link}", imports=imports)).encode()
