"""The command line: a module for each command; ``app`` puts them together."""

from __future__ import annotations
