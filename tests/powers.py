"""What root may do with files that it does not own or may not read, put down for a while: tests run as root too."""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Iterator

_VERSION = 0x20080522  # linux/capability.h: two words each of what is effective, permitted, inheritable
_OVER_FILES = 1 << 1 | 1 << 2  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH


@contextlib.contextmanager
def files_as_anybody() -> Iterator[None]:
    """Return a context in which this thread reads and writes files by their modes, as root too (capabilities(7))."""
    words = _effective()
    before = words[0]
    words[0] &= ~_OVER_FILES
    _set(words)
    try:
        yield
    finally:
        words[0] = before
        _set(words)


def _effective() -> ctypes.Array[ctypes.c_uint32]:
    words = (ctypes.c_uint32 * 6)()
    _call("capget", words)
    return words


def _set(words: ctypes.Array[ctypes.c_uint32]) -> None:
    _call("capset", words)


def _call(name: str, words: ctypes.Array[ctypes.c_uint32]) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)((ctypes.c_uint32 * 2)(_VERSION, 0), words):
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")
