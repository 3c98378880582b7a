"""Requests and values as text through the raw REPL, for boards whose memory the host does not reach."""

from __future__ import annotations

import base64
import time

from mpy_harness.board import guest_code
from mpy_harness.board.channel import RUN, Answer, Execute
from mpy_harness.board.codec import Message
from mpy_harness.board.console import Console
from mpy_harness.board.signs import Signs
from mpy_harness.errors import ConsoleGarbled

_QUESTION_SECONDS = 30.0  # the guest writes a question in one go
_CHUNK = 3072  # bytes a line of base64; the guest compiles them as one string literal each


class ReplChannel:
    """Base64 in both directions: a console carries text."""

    def __init__(self, console: Console, execute: Execute) -> None:
        self._console = console
        self._execute = execute
        self._signs = Signs()

    def inject(self, code: bytes, imports: list[str] | None, signs: Signs) -> None:
        """Send the guest's program after a reset."""
        self._signs = signs
        text = base64.b64encode(code).decode()
        data = f"__import__('binascii').a2b_base64('{text}')"
        self._execute(guest_code.loader(data, "ReplLink()", imports, signs), 30)

    def needs_room(self, message: Message) -> bool:
        """Tell whether a message is longer than one line; each line is decoded and kept until the last is there."""
        return message.size > _CHUNK

    def request(self, message: Message, seconds: float) -> tuple[bytes, bytes]:
        """Run a request; return what the guest printed and the encoded result."""
        data = message.joined()
        for at in range(0, len(data), _CHUNK):
            text = base64.b64encode(data[at : at + _CHUNK])
            self._execute(b"_mpyh.link.feed('" + text + b"')", 10)
        output = self._execute(RUN, seconds, signs=self._signs)
        shown = self._execute(b"_mpyh.link.show()", max(seconds, 60))
        try:
            return output, b"".join(base64.b64decode(line, validate=True) for line in shown.split())
        except ValueError as error:
            raise ConsoleGarbled("bytes of a result were lost on the console") from error

    def serve(self, answer: Answer) -> None:
        """Answer a question, which is a line of base64, with a line of base64 on the guest's standard input."""
        _, line = self._console.read_until([b"\n"], time.monotonic() + _QUESTION_SECONDS)
        try:
            question = base64.b64decode(line.strip(), validate=True)
        except ValueError as error:
            raise ConsoleGarbled("bytes of a question were lost on the console") from error
        self._console.write_bytes(base64.b64encode(answer(question)) + b"\n")
