"""A profile as a file for speedscope (https://www.speedscope.app), whose format is that site's file-format-schema.json.

The tree is written as frames that open and close ("evented"), at counts of instructions. Stacks with weights
("sampled") would repeat the path to each node, which deep trees make large.
"""

from __future__ import annotations

import json

from mpy_harness.counting.profile import Function, Profile, visits
from mpy_harness.reports.names import printable

SCHEMA = "https://www.speedscope.app/file-format-schema.json"


def speedscope(profile: Profile) -> str:
    """Return the text of a speedscope file; calls stand in the tree's order, a function's own instructions after them.

    The file names modules as files. Numbers of calls have no place in it.
    """
    frames: dict[Function, int] = {}
    events: list[dict[str, str | int]] = []
    at = 0
    for node, entered in visits(profile.root):
        if not node.inclusive:
            continue
        frame = frames.setdefault(node.function, len(frames))
        if not entered:
            at += node.exclusive
        events.append({"type": "O" if entered else "C", "frame": frame, "at": at})
    described = f"{printable(profile.name)} ({printable(profile.target)})"
    file = {
        "$schema": SCHEMA,
        "name": described,
        "exporter": "mpy-harness",
        "activeProfileIndex": 0,
        "shared": {"frames": [_frame(function) for function in frames]},
        "profiles": [
            {
                "type": "evented",
                "name": described,
                "unit": "none",
                "startValue": 0,
                "endValue": profile.total,
                "events": events,
            }
        ],
    }
    return json.dumps(file, separators=(",", ":")) + "\n"


def _frame(function: Function) -> dict[str, str]:
    name = {"name": printable(function.name)}
    return name | {"file": printable(function.module)} if function.module else name
