"""What runs inside of builds."""

from __future__ import annotations
