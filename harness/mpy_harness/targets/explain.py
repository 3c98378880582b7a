"""Say in words what is wrong in a ``target.toml``."""

from __future__ import annotations

from pydantic import ValidationError


def explain(error: TypeError | ValueError, *table: str) -> str:
    """Return a line for each mistake, with its key; ``table`` is the one that the keys are in."""
    if not isinstance(error, ValidationError):
        return f"  {error}"
    lines = []
    for entry in error.errors():
        # The kind of a firmware is found by its keys, it is none itself.
        place = [part for at, part in enumerate(entry["loc"]) if not (at == 1 and part in {"built", "published"})]
        key = ".".join(str(part) for part in (*table, *place)) or "(file)"
        what = "unknown key" if entry["type"] == "extra_forbidden" else entry["msg"].removeprefix("Value error, ")
        value = "" if entry["type"] in {"missing", "extra_forbidden", "value_error"} else f" (it is {entry['input']!r})"
        lines.append(f"  {key}: {what}{value}")
    return "\n".join(lines)
