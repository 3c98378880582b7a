"""How fast a device is at what signal processing and machine learning do: kernels, counted over inputs."""

from __future__ import annotations
