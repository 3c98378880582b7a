"""Why a guest's console closed: faults, panics, resets, and the emulator's own end."""

from __future__ import annotations
