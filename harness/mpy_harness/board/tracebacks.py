"""Exceptions of the guest: what MicroPython prints for one that nobody catches becomes a Python exception."""

from __future__ import annotations

import re
from itertools import groupby

from mpy_harness.errors import GuestException

_FRAME = re.compile(r'^  File "(?P<file>[^"]*)", line \d+')
_OURS = {"<stdin>", "_mpyh.py", "/_mpyh/_mpyh_tests.py", "/_mpyh/fallback/unittest.py"}
_NAMES = {"Exited": "SystemExit"}  # which the guest's program raises instead (guest/values.py)


def guest_exception(text: str, output: str) -> GuestException:
    """Return the exception of a printed traceback; frames of the harness's own code are left out."""
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    last_frame = max((number for number, line in enumerate(lines) if _FRAME.match(line)), default=-1)
    if last_frame < 0 and lines[0].startswith("Traceback"):
        last_frame = 0
    summary = lines[last_frame + 1 :] or ["Exception: (the guest did not say which)"]
    for ours, theirs in _NAMES.items():
        if summary[0].startswith(f"{ours}:"):
            summary[0] = theirs + summary[0].removeprefix(ours)
    name, _, message = "\n".join(summary).partition(": ")
    frames = [line for line in lines[: last_frame + 1] if not is_ours(line)]
    shown = [*_without_repeats(frames), *summary] if any(_FRAME.match(line) for line in frames) else summary
    return GuestException(name.strip(), message.strip(), "\n".join(shown), output)


def _without_repeats(lines: list[str]) -> list[str]:
    # As CPython prints recursions: the first three rounds, and how many more there were.
    shown: list[str] = []
    for line, group in groupby(lines):
        times = len(list(group))
        shown += [line] * min(times, 3)
        if times > 3:
            shown.append(f"  [Previous line repeated {times - 3} more times]")
    return shown


def is_ours(line: str) -> bool:
    """Tell whether a line of a traceback shows the harness's own code in the guest."""
    frame = _FRAME.match(line)
    return frame is not None and frame["file"] in _OURS
