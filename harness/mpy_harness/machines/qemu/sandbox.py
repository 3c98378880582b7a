"""QEMU's own fence: a filter of system calls (seccomp), behind which a guest that has broken out starts no program.

https://www.qemu.org/docs/master/system/security.html; what it lets pass is said in SECURITY.md.
"""

from __future__ import annotations

import subprocess
from functools import lru_cache
from pathlib import Path

from mpy_harness.limits import ANSWER_SECONDS

_FILTER = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"
_QUIT = b'{"execute":"qmp_capabilities"}{"execute":"quit"}'


@lru_cache(maxsize=8)
def sandbox_options(qemu: Path) -> tuple[str, ...]:
    """Return the options that put a QEMU behind the filter; none where this QEMU or this kernel has no such filter.

    QEMU is asked by starting it, because neither its help nor its version tells; for a board it would be too late.
    """
    options = ("-sandbox", _FILTER)
    idle = ("-machine", "none", "-nodefaults", "-display", "none", "-S")
    talk = ("-chardev", "stdio,id=qmp", "-mon", "chardev=qmp,mode=control")
    try:
        asked = subprocess.run(
            [str(qemu), *options, *idle, *talk], input=_QUIT, capture_output=True, timeout=ANSWER_SECONDS, check=False
        )
    except OSError:  # starting a board will say what is wrong with it
        return ()
    except subprocess.TimeoutExpired:  # not told is not that it has none: a host that is busy must not open the fence
        return options
    return options if asked.returncode == 0 else ()
