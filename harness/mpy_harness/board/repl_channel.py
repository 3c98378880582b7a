"""Requests and values as text through the raw REPL, for boards whose memory the host does not reach."""

from __future__ import annotations

import base64
import time

from mpy_harness.board import guest_code
from mpy_harness.board.channel import RUN, Answer, Execute
from mpy_harness.board.codec import Message
from mpy_harness.board.console import Console, WaitedLong
from mpy_harness.errors import ConsoleGarbled

_QUESTION_SECONDS = 1.0  # the guest writes a question in one go
_CHUNK = 3072  # bytes a line of base64; the guest compiles them as one string literal each


class ReplChannel:
    """Base64 in both directions: a console carries text."""

    def __init__(self, console: Console, execute: Execute) -> None:
        self._console = console
        self._execute = execute

    def inject(self, code: bytes, imports: list[str] | None) -> None:
        """Send the guest's program after a reset."""
        text = base64.b64encode(code).decode()
        data = f"__import__('binascii').a2b_base64('{text}')"
        self._execute(guest_code.loader(data, "ReplLink()", imports), 30)

    def needs_room(self, message: Message) -> bool:
        """Tell whether a message is longer than one line; each line is decoded and kept until the last is there."""
        return message.size > _CHUNK

    def request(self, message: Message, seconds: float) -> tuple[bytes, bytes]:
        """Run a request; return what the guest printed and the encoded result."""
        data = message.joined()
        for at in range(0, len(data), _CHUNK):
            text = base64.b64encode(data[at : at + _CHUNK])
            self._execute(b"_mpyh.link.feed('" + text + b"')", 10)
        output = self._execute(RUN, seconds)
        shown = self._execute(b"_mpyh.link.show()", max(seconds, 60))
        try:
            return output, b"".join(base64.b64decode(line, validate=True) for line in shown.split())
        except ValueError as error:
            raise ConsoleGarbled("bytes of a result were lost on the console") from error

    def serve(self, answer: Answer) -> bool:
        """Answer a question, which is "?" and a line of base64, with a line of base64 on the guest's standard input."""
        question = self._question()
        if question is not None:
            self._console.write_bytes(base64.b64encode(answer(question)) + b"\n")
        return question is not None

    def _question(self) -> bytes | None:
        # Returns None where a program of the user printed the sign.
        deadline = time.monotonic() + _QUESTION_SECONDS
        taken = b""
        try:
            taken = self._console.read_exactly(1, deadline)
            if taken == b"?":
                _, line = self._console.read_until([b"\n"], deadline)
                taken += line + b"\n"
                return base64.b64decode(line.strip(), validate=True)
        except (WaitedLong, ValueError):
            pass
        self._console.put_back(taken)
        return None
