"""Text that is none, and buffers that do not fit."""

from __future__ import annotations

import numpy as np
import pytest

from cases.conversions.text_bytes import workload
from cases.signals import Array
from mpy_harness.board.board import Board
from mpy_harness.board.natmod_loader import ModuleLoader
from mpy_harness.errors import GuestException
from mpy_harness.workloads import Guest

NO_HEX = (b"0g", b"/0", b":0", b"@0", b"G0", b"`0", b"\xb00", b"0 ")
NO_BASE64 = (b"AAA@", b"AAA[", b"`AAA", b"A{AA", b"AA:A", b"AA.A", b"AAA=", b"\xc1AAA", b"AA\nA")


def room(n: int) -> Array:
    """Return a buffer; it arrives as an array of bytes."""
    return np.zeros(n, np.uint8)


@pytest.mark.parametrize("form", ["python", "viper", "native"])
def test_refuses_what_is_no_text(form: str, board: Board, natmod: ModuleLoader) -> None:
    module = Guest(board, workload.TextBytes().forms()[form], natmod, "text_bytes_form").load()
    for text in NO_HEX:
        with pytest.raises(GuestException, match="ValueError: no hex digit"):
            module.hex_decode(text, room(1))
    for text in NO_BASE64:
        with pytest.raises(GuestException, match="ValueError: no base64 digit"):
            module.base64_decode(text, room(3))
    for text, n in ((b"AA=A", 1), (b"AAA=", 1), (b"AAAA", 2), (b"A===", 1)):
        with pytest.raises(GuestException, match="ValueError: no base64 digit"):
            module.base64_decode(text, room(n))
    lengths = (
        ("hex_encode", bytes(2), 3),
        ("hex_encode", bytes(2), 5),
        ("hex_decode", b"000", 1),
        ("hex_decode", b"0000", 1),
        ("base64_encode", bytes(4), 4),
        ("base64_encode", bytes(3), 8),
        ("base64_decode", b"AAA", 2),
        ("base64_decode", b"AAAA", 4),
        ("base64_decode", b"AAAAAAAA", 3),
    )
    for name, src, size in lengths:
        with pytest.raises(GuestException, match="ValueError: text and bytes of these lengths"):
            getattr(module, name)(src, room(size))
