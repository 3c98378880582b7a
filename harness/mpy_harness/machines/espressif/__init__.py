"""ESP32 and its kin in Espressif's fork of QEMU."""

from __future__ import annotations
