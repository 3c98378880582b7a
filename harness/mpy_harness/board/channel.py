"""How requests and values reach the guest and come back: what every way of doing so offers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from mpy_harness.board.codec import Message

#: Turns a question of the guest into its answer (``HostFiles.answer``).
Answer = Callable[[bytes], bytes]

#: What runs the request that was sent.
RUN = b"_mpyh()"


def nothing() -> None:
    """Do nothing when the guest takes source."""


class Execute(Protocol):
    """Runs source text in the guest within seconds and returns what it printed (``RawRepl.execute``).

    ``before`` is called when the guest has collected its garbage and waits for the source.
    """

    def __call__(self, source: bytes, seconds: float, before: Callable[[], None] = nothing) -> bytes:
        """Run it."""


class Channel(Protocol):
    """Carries one request at a time to the guest's runtime."""

    def inject(self, code: bytes, imports: list[str] | None) -> None:
        """Send the guest's runtime, compiled, after a reset; ``imports`` as in ``runtime.loader``."""

    def needs_room(self, message: Message) -> bool:
        """Tell whether a message takes memory of the guest before it is looked at."""

    def request(self, message: Message, seconds: float) -> tuple[bytes, bytes]:
        """Run a request; return what the guest printed and the encoded result."""

    def serve(self, answer: Answer) -> bool:
        """Answer what the guest asks after it gave the sign for it; return whether it asks anything."""
