"""Values on their way between host and guest, exact to the bit (the guest's half: guest/values.py).

A value is a tag byte and its content, all little-endian:
``N T F`` None, True, False; ``i`` int64; ``I`` any int as hexadecimal text; ``f`` float64; ``s b`` str
and bytes; ``l t e E d`` list, tuple, set, frozenset, dict; ``a`` array (typecode, bytes); ``r`` an object
that lives in the guest (its number); ``o`` an array or bytes that the guest has already received (its index).
Lengths, numbers and indices are uint32.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from mpy_harness.errors import ConsoleGarbled, Untransferable
from mpy_harness.limits import EQUAL_HASHES, REFERENCES, VALUE_DEPTH, VALUES

#: Typecodes of the guest's ``array`` module and the NumPy types that they hold.
TYPECODES: dict[str, np.dtype[Any]] = {
    "b": np.dtype("<i1"), "B": np.dtype("<u1"), "h": np.dtype("<i2"), "H": np.dtype("<u2"),
    "i": np.dtype("<i4"), "I": np.dtype("<u4"), "q": np.dtype("<i8"), "Q": np.dtype("<u8"),
    "f": np.dtype("<f4"), "d": np.dtype("<f8"),
}  # fmt: skip
_BY_DTYPE = {dtype: code for code, dtype in TYPECODES.items()}
_SYNONYMS = {"l": "i", "L": "I", "\x01": "B"}  # long is 32 bits on every target; 1 is a bytearray's own code
_CONTAINERS: dict[str, Callable[[list[Any]], Any]] = {"l": list, "t": tuple, "e": set, "E": frozenset}


class Reference:
    """Base class of stand-ins for objects in the guest; ``number`` is the object's key there."""

    number: int


@dataclass(frozen=True)
class Block:
    """The content of an array, or of bytes (typecode ""), which may be sent apart from the rest of a message."""

    typecode: str
    data: bytes

    @property
    def head(self) -> bytes:
        """Return what stands before the content where it is sent as a part of the message."""
        kind = b"a" + self.typecode.encode() if self.typecode else b"b"
        return kind + struct.pack("<I", len(self.data))


class Message(list["bytes | Block"]):
    """An encoded value in pieces; ``number`` returns the number of an object in the guest."""

    def __init__(self, number: Callable[[Reference], int]) -> None:
        super().__init__()
        self.number = number

    def joined(self) -> bytes:
        """Return the message as one piece."""
        return b"".join(chain.from_iterable(map(_inline, self)))

    @property
    def size(self) -> int:
        """Return the length of the message as one piece, in bytes."""
        return sum(map(len, chain.from_iterable(map(_inline, self))))

    def apart(self, least: int, most: int) -> tuple[bytes, list[Block]]:
        """Return the message with references in place of large blocks, and these blocks.

        Large are blocks of ``least`` bytes or more; at most ``most`` are replaced.
        """
        blocks: list[Block] = []
        rest: list[bytes] = []
        for part in self:
            if isinstance(part, bytes) or len(part.data) < least or len(blocks) == most:
                rest += _inline(part)
            else:
                rest.append(struct.pack("<cI", b"o", len(blocks)))
                blocks.append(part)
        return b"".join(rest), blocks


def _inline(part: bytes | Block) -> tuple[bytes, ...]:
    return (part.head, part.data) if isinstance(part, Block) else (part,)


def encode(value: Any, number: Callable[[Reference], int] = lambda thing: thing.number) -> Message:
    """Return a value as the guest reads it; ``number`` returns the number of an object there.

    Raises Untransferable for a type that has no counterpart in the guest.
    """
    message = Message(number)
    _encode(value, message, 0)
    return message


def decode(data: bytes | memoryview, reference: Callable[[int], Any]) -> Any:
    """Return the value in bytes from the guest; ``reference`` makes the stand-in for an object there.

    Raises ConsoleGarbled for bytes that are not a value, Untransferable for a value of more parts than limits allow.
    """
    reader = _Reader(memoryview(data), reference)
    try:
        value = reader.value(0)
    except Untransferable:  # a TypeError too
        raise
    except (IndexError, KeyError, struct.error, UnicodeDecodeError, ValueError, TypeError) as error:
        raise ConsoleGarbled(f"the guest returned a malformed value ({error}): its memory is corrupt") from error
    if reader.at != len(data):
        raise ConsoleGarbled("the guest returned a value with bytes left over: its memory is corrupt")
    return value


def _encode(value: Any, parts: Message, depth: int) -> None:
    if depth > 50:
        raise Untransferable("a value nested more than 50 deep cannot be passed to the guest")
    if isinstance(value, np.generic):
        value = value.item()
    for kind, encoder in _ENCODERS:
        if isinstance(value, kind):
            encoder(value, parts, depth + 1)
            return
    raise Untransferable(f"a {type(value).__name__} cannot be passed to the guest; NumPy arrays and literals can")


def _encode_int(value: int, parts: Message, _depth: int) -> None:
    if -(2**63) <= value < 2**63:
        parts.append(struct.pack("<cq", b"i", value))
    else:  # hexadecimal: Python refuses to convert very long decimal numbers
        _encode_sized(b"I", f"{value:x}".encode(), parts)


def _encode_str(value: str, parts: Message, _depth: int) -> None:
    try:
        _encode_sized(b"s", value.encode(), parts)
    except UnicodeEncodeError as error:
        raise Untransferable(
            f"a str with lone surrogates is no text, it cannot be passed to the guest ({error})"
        ) from None


def _encode_sized(tag: bytes, data: bytes, parts: Message) -> None:
    parts += struct.pack("<cI", tag, len(data)), data


def _encode_items(tag: bytes, items: Iterable[Any], size: int, parts: Message, depth: int) -> None:
    parts.append(struct.pack("<cI", tag, size))
    for item in items:
        _encode(item, parts, depth)


def _encode_array(array: np.ndarray[Any, Any], parts: Message, _depth: int) -> None:
    if array.dtype == np.bool_:
        array = array.astype(np.uint8)
    code = _BY_DTYPE.get(array.dtype.newbyteorder("<"))
    if code is None:
        advice = "pass its real and imaginary part as two arrays" if array.dtype.kind == "c" else "convert it first"
        raise Untransferable(f"the guest has no arrays of {array.dtype}: {advice}")
    data = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
    parts.append(Block(code, data))


# The first type that fits is taken: a bool is an int, too.
_ENCODERS: tuple[tuple[Any, Callable[[Any, Message, int], None]], ...] = (
    (type(None), lambda _, parts, __: parts.append(b"N")),
    (bool, lambda value, parts, _: parts.append(b"T" if value else b"F")),
    (int, _encode_int),
    (float, lambda value, parts, _: parts.append(struct.pack("<cd", b"f", value))),
    (str, _encode_str),
    ((bytes, bytearray, memoryview), lambda value, parts, _: parts.append(Block("", bytes(value)))),
    (np.ndarray, _encode_array),
    (Reference, lambda value, parts, _: parts.append(struct.pack("<cI", b"r", parts.number(value)))),
    (list, lambda value, parts, depth: _encode_items(b"l", value, len(value), parts, depth)),
    (tuple, lambda value, parts, depth: _encode_items(b"t", value, len(value), parts, depth)),
    (set, lambda value, parts, depth: _encode_items(b"e", value, len(value), parts, depth)),
    (frozenset, lambda value, parts, depth: _encode_items(b"E", value, len(value), parts, depth)),
    (dict, lambda value, parts, depth: _encode_items(b"d", chain(*value.items()), len(value), parts, depth)),
)


class _Reader:
    """Reads a value; what would take long or much memory is refused before it is made."""

    def __init__(self, data: memoryview, reference: Callable[[int], Any]) -> None:
        self.at = 0
        self._data = data
        self._reference = reference
        self._values = self._references = 0

    def value(self, depth: int) -> Any:
        self._values += 1
        if self._values > VALUES:
            raise _too_much(f"more than {VALUES:,} values")
        if depth > VALUE_DEPTH:
            raise _too_much(f"a value that is nested more than {VALUE_DEPTH} deep")
        tag = chr(self._data[self.at])
        self.at += 1
        if tag in "NTF":
            return {"N": None, "T": True, "F": False}[tag]
        if tag in "if":
            self.at += 8
            return struct.unpack_from("<q" if tag == "i" else "<d", self._data, self.at - 8)[0]
        if tag == "a":
            code = chr(self._data[self.at])
            self.at += 1
            return np.frombuffer(self._content(self._size()), TYPECODES[_SYNONYMS.get(code, code)]).copy()
        size = self._size()
        if tag == "r":
            self._references += 1
            if self._references > REFERENCES:
                raise _too_much(f"more than {REFERENCES:,} objects that stay there")
            return self._reference(size)
        if tag in "sbI":
            content = self._content(size)
            return content if tag == "b" else content.decode() if tag == "s" else int(content, 16)
        items = [self.value(depth + 1) for _ in range(2 * size if tag == "d" else size)]
        if tag in "deE":
            _check_hashes(items[:: 2 if tag == "d" else 1])
        return dict(zip(items[::2], items[1::2], strict=True)) if tag == "d" else _CONTAINERS[tag](items)

    def _size(self) -> int:
        size: int = struct.unpack_from("<I", self._data, self.at)[0]
        self.at += 4
        return size

    def _content(self, size: int) -> bytes:
        if self.at + size > len(self._data):
            raise IndexError("length beyond the end")
        self.at += size
        return bytes(self._data[self.at - size : self.at])


def _check_hashes(keys: list[Any]) -> None:
    if len(keys) > EQUAL_HASHES and max(Counter(map(hash, keys)).values()) > EQUAL_HASHES:
        raise _too_much(f"a set or dict with more than {EQUAL_HASHES} keys of one hash")


def _too_much(what: str) -> Untransferable:
    return Untransferable(f"the guest returned {what}: return less at once, or an array")
