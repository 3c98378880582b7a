"""Runs at the start of every Python program of a build: writes down which files the program opens for reading.

A build finds this file through PYTHONPATH (build_inputs.py). Makefiles call Python for many things, from linking to
frozen manifests; what such a program reads, the result of the build depends on.
"""

from __future__ import annotations

import os
import sys

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def _note_opened_files(notes: str) -> None:
    log = os.open(os.path.join(notes, f"python-{os.getpid()}"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)  # noqa: PTH118
    seen: set[str] = set()

    def note(event: str, arguments: tuple[object, ...]) -> None:
        if event != "open":
            return
        path, _, flags = arguments
        if not isinstance(path, str | bytes) or (isinstance(flags, int) and flags & _WRITES):
            return
        name = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - a link stays a link here
        if name not in seen:
            seen.add(name)
            os.write(log, os.fsencode(name) + b"\n")

    sys.addaudithook(note)


if "MPYH_BUILD_NOTES" in os.environ:
    _note_opened_files(os.environ["MPYH_BUILD_NOTES"])
