"""The memory checker of this target: valgrind, in which the guest runs.

The guest's firmware tells valgrind of the heap (targets/unix/variant/guest_checks.c). What valgrind then says is in
``findings``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mpy_harness.counting.instrument import Instrument
from mpy_harness.firmware import toolchain

# valgrind manual, sections 2.6 and 4.3. Values that nobody has written are not looked for: MicroPython's collector
# reads whatever is on the stack.
_OPTIONS = (
    "--tool=memcheck", "--quiet", "--xml=yes", "--undef-value-errors=no", "--leak-check=no", "--error-limit=no",
    "--freelist-vol=12000", "--vgdb=no", "--smc-check=all", "--num-callers=24", "--keep-stacktraces=alloc-and-free",
)  # fmt: skip


@dataclass(frozen=True)
class Valgrind(Instrument):
    """That the guest runs in valgrind; nothing is counted."""


def program() -> Path:
    """Return where valgrind is. Raises ToolMissing, which says how to get it."""
    return toolchain.find("valgrind", "checking what native code does to memory on this target")


def command(valgrind: Path, output: int) -> list[str]:
    """Return what is put in front of a command; what is found is written to a descriptor."""
    return [str(valgrind), *_OPTIONS, f"--xml-fd={output}"]
