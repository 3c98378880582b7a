"""Memory of Renode's machine that the guest keeps from one start to the next: a flash chip.

Renode shares it with the host, as it does the guest's RAM. What it holds is copied from and to the board's storage.
"""

from __future__ import annotations

import mmap
import os
from dataclasses import dataclass, field
from pathlib import Path

from mpy_harness.errors import EmulatorRefused
from mpy_harness.machines.storage import Storage

#: Renode puts shared memory at an aligned place in its file, not at its begin (MappedMemory.cs).
ALIGNMENT = 0x1000
_ERASED = b"\xff"


def shared_file(folder: Path, variable: str) -> Path:
    """Return the file of the memory that Renode shares in a folder. Raises EmulatorRefused."""
    files = list(folder.glob("renode-sharedSegment-*"))
    if len(files) != 1:
        raise EmulatorRefused(f"Renode does not share the memory {variable!r} with us. Version 1.16 does.")
    return files[0]


@dataclass
class Kept:
    """A memory of the machine, its name in the platform and its size in bytes, and where its content is kept."""

    variable: str
    size: int
    storage: Storage
    _mapped: mmap.mmap | None = field(default=None, init=False)

    def fill(self, folder: Path) -> None:
        """Fill the memory, whose file is in the folder, with what was kept, or as an erased chip."""
        with shared_file(folder, self.variable).open("r+b") as file:
            self._mapped = mmap.mmap(file.fileno(), ALIGNMENT + self.size)
        self._mapped[ALIGNMENT:] = os.pread(self._descriptor(), self.size, 0)

    def keep(self) -> None:
        """Keep what the memory holds: Renode has ended."""
        mapped, self._mapped = self._mapped, None
        if mapped is not None:
            with mapped:
                os.pwrite(self._descriptor(), mapped[ALIGNMENT:], 0)

    def _descriptor(self) -> int:
        return self.storage.descriptor(lambda: _ERASED * self.size)
