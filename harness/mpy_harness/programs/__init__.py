"""Plain C programs, without MicroPython: built for a target, run, measured."""

from __future__ import annotations
