"""Signs by which the guest's program tells the host that a program's output ends, and that it asks something.

A program may print any bytes, those of the raw REPL's protocol as well. So each sign ends with a number that is drawn
anew for each life of a board and that no program knows.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

_END, _ASK = b"\x04", b"\x0e"
_LETTERS = 11  # 64 bits: each takes the console 0.01 ms in every request
# MicroPython's collector looks at every word of the heap, and at one that may be an address, because its lowest four
# bits are 0, for some instructions longer. A count of them must not depend on what was drawn: no "0", "P" or "p".
_ALPHABET = "123456789ABCDEFGHIJKLMNOQRSTUVWXYZabcdefghijklmnoqrstuvwxyz"

#: What matches any sign, to leave them out of what people read.
PATTERN = rb"\x04[1-9A-OQ-Za-oq-z]{%d}|\x0e[1-9A-OQ-Za-oq-z]{%d}(?:;|\?[^\n]*\n?)" % (_LETTERS, _LETTERS)


@dataclass(frozen=True)
class Signs:
    """The signs of one life; ``number`` is what the guest's program is given (guest/requests.py)."""

    number: bytes = field(default_factory=lambda: "".join(secrets.choice(_ALPHABET) for _ in range(_LETTERS)).encode())

    @property
    def end(self) -> bytes:
        """Return the sign behind a program's output, and behind the traceback of an exception."""
        return _END + self.number

    @property
    def ask(self) -> bytes:
        """Return the sign of a question to the host that is in the guest's memory."""
        return _ASK + self.number + b";"

    @property
    def ask_in_text(self) -> bytes:
        """Return the sign of a question to the host that follows it, as a line of base64."""
        return _ASK + self.number + b"?"


class OutputFilter:
    """Passes a program's output on as it comes, without signs and questions; behind its end, nothing."""

    def __init__(self, signs: Signs, listener: Callable[[bytes], None]) -> None:
        self._listener = listener
        self._end = signs.end
        self._signs = (signs.end, signs.ask, signs.ask_in_text)
        end, ask, ask_in_text = map(re.escape, self._signs)
        self._sign = re.compile(end + b"|" + ask + b"|" + ask_in_text + rb"[^\n]*\n")
        self._held = b""  # the begin of a sign, perhaps, or of a question
        self._is_open = True

    def feed(self, data: bytes) -> None:
        """Take bytes of the console."""
        if not self._is_open:
            return
        text, output, at = self._held + data, b"", 0
        for match in self._sign.finditer(text):
            output += text[at : match.start()]
            at = match.end()
            if match[0] == self._end:
                self._is_open = False
                break
        rest = text[at:] if self._is_open else b""
        size = self._whole(rest)
        self._held = rest[size:]
        output += rest[:size]
        if output:
            self._listener(output)

    def _whole(self, output: bytes) -> int:
        """Return how much of the output is no part of a sign that is still to come."""
        begun = output.find(self._signs[2])
        if begun >= 0:
            return begun
        return len(output) - max(_begun(output, sign) for sign in self._signs)


def _begun(output: bytes, sign: bytes) -> int:
    """Return how many bytes at the end of the output are a sign's first ones."""
    return next((size for size in range(len(sign) - 1, 0, -1) if output.endswith(sign[:size])), 0)
