"""Exit statuses of the command line; a command that runs a program otherwise leaves with the program's own."""

from __future__ import annotations

#: The guest's program failed, or what the user gave is wrong.
GUEST_FAILED = 1
#: The default target cannot be used.
NOT_READY = 1
#: Something got worse.
REGRESSED = 1
#: What runs the program failed.
MACHINERY_FAILED = 2
#: There is no comparison.
NOT_COMPARED = 2
