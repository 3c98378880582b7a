"""Which GDB there is for a target's core."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from shutil import which

from mpy_harness.errors import ToolMissing
from mpy_harness.firmware import toolchain
from mpy_harness.firmware.process import run
from mpy_harness.targets import Target

#: Debian's for all architectures; a toolchain's own has its prefix.
MULTIARCH = "gdb-multiarch"
_SECONDS = 60.0
_WORD = "it-has-python"


def gdb_for(target: Target, given: str = "") -> Path:
    """Return the GDB for a target: the one that is ``given``, else Debian's, else that of the target's compiler.

    Raises ToolMissing, which says how to get one.
    """
    names = [given] if given else [MULTIARCH, f"{target.cross}gdb"]
    found = [Path(path) for name in names if (path := which(name))]
    for each in found:
        if _has_python(each):
            return each
    if found:
        raise ToolMissing(
            f"{found[0]} cannot run Python, with which symbols of native modules are loaded. On Debian: "
            f"apt install {MULTIARCH}. Or name another: --debugger PROGRAM."
        )
    return toolchain.find(names[0], "debugging")


@lru_cache(maxsize=8)
def _has_python(gdb: Path) -> bool:
    try:
        return _WORD in run([gdb, "-nx", "-batch", "-ex", f"python print({_WORD!r})"], timeout=_SECONDS).output
    except OSError:
        return False
