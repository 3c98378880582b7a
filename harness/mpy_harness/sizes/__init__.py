"""Flash, RAM, heap and stack, in exact bytes."""

from __future__ import annotations

from mpy_harness.sizes.tree import SizeTree

__all__ = ["SizeTree"]
