"""Bytes as text, base64 and hex, and back: into a buffer that is there, as a driver or a protocol has one.

256 bytes, each value once, so that every digit occurs; 256 is one more than a multiple of three, so that base64 ends in
"==". The reference is Python's own base64 module, to the byte. Shorter ends follow in a check of their own.

- ``python``, ``@native``: digit by digit, by tables
- ``binascii``: its functions, whose result is copied into the buffer
- ``methods``: ``bytes.hex`` and ``bytes.fromhex``, by way of a ``str``
- ``viper``: pointers and tables
- ``native``: a native module, in ``natmod/``

Instructions are those of a byte, not of a character. A second call is watched for what it allocates.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from cases.allocated import allocations
from cases.signals import Array, generator
from mpy_harness.workloads import Case, Check, Guest, Workload

ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "hex": lambda data: base64.b16encode(data).lower(),
    "base64": base64.b64encode,
}
BYTES = 256
# Less than the four characters of base64 stand for.
SHORT = (1, 2)


class TextBytes(Workload):
    """Each encoding in both directions."""

    decorated = ("hex_encode", "hex_decode", "base64_encode", "base64_decode")

    def cases(self) -> Iterator[Case]:
        """Return the functions; base64 is no method of bytes."""
        for encoding in ENCODERS:
            forms = [form for form in self.forms() if form != "methods" or encoding == "hex"]
            for decode in (False, True):
                name = f"{encoding}_{'decode' if decode else 'encode'}"
                yield Case(name, partial(self.converted, encoding, decode), forms=forms)

    def converted(self, encoding: str, decode: bool, guest: Guest) -> Iterator[Check]:
        """Convert all bytes, then short ones."""
        module, name = guest.load(), f"{encoding}_{'decode' if decode else 'encode'}"
        data = generator(57).permutation(BYTES).astype(np.uint8).tobytes()

        def convert(data: bytes, counted: bool = True) -> tuple[Array, Array]:
            src, wanted = data, ENCODERS[encoding](data)
            if decode:
                src, wanted = wanted, src
            got = guest.guarded.call(module, name, src, ..., out=("B", len(wanted)), counted=counted)
            return got, np.frombuffer(wanted, np.uint8)

        got, wanted = convert(data)
        yield Check(got, wanted, "exact", 0, per=BYTES)
        room = np.zeros_like(wanted)
        short = [convert(data[:n], counted=False) for n in SHORT]
        got, wanted = (np.concatenate(each) for each in zip(*short, strict=True))
        yield Check(got, wanted, "exact", 0, name="short")
        allocations(guest, module, name, ENCODERS[encoding](data) if decode else data, room)
