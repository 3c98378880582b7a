"""Where MicroPython's sources come from, and how images and native modules are built and cached."""

from __future__ import annotations
