"""What a guest keeps while it is switched off."""

from __future__ import annotations

import contextlib
import os
import weakref
from collections.abc import Callable

from mpy_harness.machines.descriptors import nameless


class Storage:
    """What a guest keeps while it is switched off, as the flash of a real board: a file without a name.

    It is empty until a machine first asks for it, and is gone with the object.
    """

    def __init__(self) -> None:
        self._descriptor: int | None = None

    def descriptor(self, content: Callable[[], bytes]) -> int:
        """Return the file's descriptor; the first time, the file is filled with ``content``."""
        if self._descriptor is None:
            data = content()
            owner = contextlib.ExitStack()
            weakref.finalize(self, owner.close)
            descriptor = nameless(owner)
            with os.fdopen(descriptor, "wb", closefd=False) as file:
                file.write(data)
            self._descriptor = descriptor
        return self._descriptor
