"""Channels: how requests reach the guest and results come back. Each way of doing so offers what stands here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from mpy_harness.board.codec import Message
from mpy_harness.board.signs import Signs

#: Turns a question of the guest into its answer of at most so many bytes (``HostFiles.answer``).
Answer = Callable[[bytes, int], bytes]

#: The guest's name of its program. No other program has it, and it is short: the console takes 0.1 ms for a byte.
RUNTIME = "\u02ac".encode()
#: Source text that makes the guest run the request that was sent.
RUN = RUNTIME + b"()"


def nothing() -> None:
    """Do nothing: for ``Execute``, where there is nothing to do before the source is sent."""


class Execute(Protocol):
    """Runs source text in the guest and returns what it printed (``RawRepl.execute``).

    ``seconds`` is how long that may take. ``before`` is called when the guest waits for the source; it has collected
    its garbage by then. ``signs`` are those between which a request's output stands; None: the source is no request.
    """

    def __call__(
        self, source: bytes, seconds: float, before: Callable[[], None] = nothing, signs: Signs | None = None
    ) -> bytes:
        """Run it."""


class Channel(Protocol):
    """Carries one request at a time to the guest's program."""

    def inject(self, code: bytes | None, imports: list[str] | None, signs: Signs) -> None:
        """Send the guest's program, compiled, after a reset, and start it; None: it is in the firmware.

        ``imports`` are those of ``guest_loader.loader``.
        """

    def needs_room(self, message: Message) -> bool:
        """Tell whether the guest has to allocate memory before it can read a message."""

    def request(self, message: Message, seconds: float) -> tuple[bytes, bytes]:
        """Run a request; return what the guest printed and the encoded result."""

    def serve(self, answer: Answer) -> None:
        """Answer the question that the guest's program has just announced."""
