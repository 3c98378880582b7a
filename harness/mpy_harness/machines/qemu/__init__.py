"""QEMU, as distributions have it."""

from __future__ import annotations
