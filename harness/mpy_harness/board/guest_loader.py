"""How the guest's program (firmware/guest_program.py) comes to run after a reset.

Source text loads it, or starts the one that is frozen into the firmware.
"""

from __future__ import annotations

from mpy_harness.board.signs import Signs
from mpy_harness.firmware.guest_program import NAME

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
  if p!='/{name}.mpy':raise OSError(2)
  return(32768,)+(0,)*9
 def open(s,p,m):return io.BytesIO(D)
os.mount(V(),'/_')
sys.path[:]=['/_']
import {name} as m
sys.path[:]=P
os.umount('/_')
m.start(m.{link},{imports},{number})
del V,D,P,io,os,sys,m
"""

#: Starts the program of a firmware that knows its window; the window has what it starts with.
START_IN_WINDOW = f'__import__("{NAME}").go()'.encode()


def loader(data: bytes, link: str, imports: list[str] | None, signs: Signs) -> bytes:
    """Return source that loads the program; ``data`` and ``link`` are expressions for its bytes and its link.

    ``imports`` lists folders of the host on the guest's import path. It is None where the host offers no files.
    """
    return b"D=" + data + _LOADER.format(name=NAME, link=link, imports=imports, number=signs.number).encode()


def starter(link: str, imports: list[str] | None, signs: Signs) -> bytes:
    """Return source that starts the program of the firmware (see ``loader``)."""
    return f"import {NAME} as m\nm.start(m.{link},{imports},{signs.number!r})\ndel m\n".encode()
