"""A Raspberry Pi Pico in rp2040js, an emulator of the RP2040 that runs in Node."""

from __future__ import annotations
