"""Variables on make's command line that no makefile reads: make takes a name that is spelt wrong without a word."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

# A reference, $(NAME) or ${NAME:...}, and the conditionals that test for a variable.
_READ = re.compile(r"\$[({]\s*(\w+)|\bifn?def\s+(\w+)|\$\((?:origin|flavor|value)\s+(\w+)")


def unread(variables: Mapping[str, str], makefiles: Iterable[Path]) -> dict[str, str]:
    """Return the variables that no makefile reads, each with the most similar name of one that is read, or "".

    A name that stands anywhere in a makefile, or in another variable's value, may be read: makefiles make references
    of parts.
    """
    if not variables:
        return {}
    texts = [file.read_text(encoding="utf-8", errors="replace") for file in makefiles if file.is_file()]
    texts += variables.values()
    words = {word for text in texts for word in re.findall(r"\w+", text)}
    read = sorted({next(filter(None, found)) for text in texts for found in _READ.findall(text)})
    absent = [name for name in variables if name not in words]
    return {name: next(iter(difflib.get_close_matches(name, read, n=1, cutoff=0.75)), "") for name in absent}


def misspelt(found: Mapping[str, str]) -> dict[str, str]:
    """Return those of the variables that nobody reads of which a similar name is read."""
    return {name: close for name, close in found.items() if close}


def told(found: Mapping[str, str]) -> str:
    """Return in words which variables nobody reads, and what may have been meant."""
    meant = "".join(f" Did you mean {close} in place of {name}?" for name, close in found.items() if close)
    return f"no makefile reads {', '.join(found)}.{meant}"
