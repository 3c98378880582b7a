"""MicroPython's unix port: a process of this computer, which runs native modules as x64 code."""

from __future__ import annotations
