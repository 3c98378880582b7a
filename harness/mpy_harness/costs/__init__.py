"""What code costs: cycle models of cores."""

from __future__ import annotations
