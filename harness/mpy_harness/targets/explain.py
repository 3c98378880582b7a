"""Say in words what is wrong in a ``target.toml``."""

from __future__ import annotations

from pydantic import ValidationError


def explain(error: TypeError | ValueError, *table: str) -> str:
    """Return a line for each mistake, with its key; ``table`` is the one that the keys are in."""
    if not isinstance(error, ValidationError):
        return f"  {error}"
    lines = []
    for entry in error.errors():
        # Which of two kinds a table is was found by its keys; the name of the kind is none of them (tables.py).
        place = [part for part in entry["loc"] if not str(part).startswith("<")]
        key = ".".join(str(part) for part in (*table, *place)) or "(file)"
        what = "unknown key" if entry["type"] == "extra_forbidden" else entry["msg"].removeprefix("Value error, ")
        value = "" if entry["type"] in {"missing", "extra_forbidden", "value_error"} else f" (it is {entry['input']!r})"
        lines.append(f"  {key}: {what}{value}")
    return "\n".join(lines)
