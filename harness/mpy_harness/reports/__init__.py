"""What a run says: on the terminal."""

from __future__ import annotations
