"""Samples as sensors send them, and the numbers that they are."""

from __future__ import annotations

import numpy as np

from cases.signals import SEED, Array, Made, generator

__all__ = ["SEED", "make"]

VALUES = 256


def make() -> Made:
    """Return for each format the bytes ``src`` and the numbers ``values``."""
    return {
        "int16_le": wide(2, "little", 1),
        "int16_be": wide(2, "big", 2),
        "int24_le": wide(3, "little", 3),
        "int24_be": wide(3, "big", 4),
        "int12": packed(5),
    }


def numbers(bits: int, key: int) -> list[int]:
    """Return integers of that many bits: the ends, what lies around zero, and random ones."""
    top = 2 ** (bits - 1)
    ends = [-top, top - 1, -1, 0, 1, -255, 255, -256, 256, 127, -128, 128]
    return ends + [int(v) for v in generator(50, key).integers(-top, top, VALUES - len(ends))]


def wide(size: int, order: str, key: int) -> dict[str, Array]:
    """Return integers of whole bytes."""
    values = numbers(8 * size, key)
    src = b"".join(v.to_bytes(size, order, signed=True) for v in values)  # type: ignore[arg-type]
    return {"src": np.frombuffer(src, np.uint8), "values": np.array(values, np.int16 if size == 2 else np.int32)}


def packed(key: int) -> dict[str, Array]:
    """Return integers of 12 bits, two in three bytes, the first in the lower bits of them as a little-endian number."""
    values = numbers(12, key)
    pairs = [(a & 0xFFF) | (b & 0xFFF) << 12 for a, b in zip(values[::2], values[1::2], strict=True)]
    src = b"".join(pair.to_bytes(3, "little") for pair in pairs)
    return {"src": np.frombuffer(src, np.uint8), "values": np.array(values, np.int16)}
