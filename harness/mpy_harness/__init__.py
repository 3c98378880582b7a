"""Boot real MicroPython firmware in emulators and test native modules with pytest."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("mpy-harness")
except PackageNotFoundError:  # imported from a checkout that is not installed
    __version__ = "0+unknown"
