"""Runs at the start of every Python program of a build: writes down what the program reads.

These are the files that it opens for reading, and the folders in which it looks for files.

A build finds this file through PYTHONPATH (build_inputs.py). Makefiles call Python for many things, from linking to
frozen manifests; what such a program reads, the result of the build depends on.
"""

from __future__ import annotations

import os
import sys

_LISTINGS = ("os.listdir", "os.scandir")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def _note_what_is_read(notes: str) -> None:
    log = os.open(os.path.join(notes, f"python-{os.getpid()}"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)  # noqa: PTH118
    seen: set[str] = set()

    def note(event: str, arguments: tuple[object, ...]) -> None:
        # What Python itself lists are the folders from which it imports.
        listed = event in _LISTINGS and not sys._getframe(1).f_code.co_filename.startswith("<frozen importlib")  # noqa: SLF001
        if event != "open" and not listed:
            return
        path, flags = (arguments[0] or ".", 0) if listed else (arguments[0], arguments[2])
        if not isinstance(path, str | bytes) or (isinstance(flags, int) and flags & _WRITES):
            return
        name = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - a link stays a link here
        if name not in seen:
            seen.add(name)
            os.write(log, os.fsencode(name) + b"\n")

    sys.addaudithook(note)


if "MPYH_BUILD_NOTES" in os.environ:
    _note_what_is_read(os.environ["MPYH_BUILD_NOTES"])
