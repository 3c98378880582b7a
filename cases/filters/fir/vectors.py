"""FIR filters: taps, signals, and what comes out, rounded once."""

from __future__ import annotations

import math

import numpy as np
from scipy import signal

from cases.signals import SEED, Array, Made, float_signals, q15_signals

__all__ = ["SEED", "make"]


def make() -> Made:
    """Return the arrays of a low-pass at 0.2 of half the sampling rate, and of one that saturates."""
    q15 = np.rint(lowpass_taps().astype(np.float64) * 32768).astype(np.int16)
    # A gain of up to 3.5: full scale saturates, both ways.
    peak = np.array([32767, 32767, -32768, 16384, -1], np.int16)
    return {
        "lowpass": filtered(lowpass_taps()),
        "lowpass_q15": filtered_q15(q15),
        "saturating_q15": filtered_q15(peak),
    }


SAMPLES = 1024  # a filter without feedback shows all it does soon after its last tap


def lowpass_taps() -> Array:
    """Return 32 float32 taps."""
    return signal.firwin(32, 0.2).astype(np.float32)


def filtered(taps: Array) -> dict[str, Array]:
    """Return ``taps`` and for each signal ``_in``, ``_ref`` (float64) and ``_f32`` (a float32 model)."""
    arrays: dict[str, Array] = {"taps": taps}
    for name, signal_in in float_signals(16000).items():
        x = signal_in[:SAMPLES]
        arrays[f"{name}_in"] = x
        arrays[f"{name}_ref"] = exact(taps, x)
        arrays[f"{name}_f32"] = in_float32(taps, x)
    return arrays


def exact(taps: Array, x: Array) -> Array:
    """Filter, each output rounded once to float64.

    Products of two float32 are exact in float64, and fsum rounds their sum once: no library has another last bit.
    """
    padded = np.r_[np.zeros(taps.size - 1), x.astype(np.float64)]
    wide = taps[::-1].astype(np.float64)
    return np.array([math.fsum((wide * padded[i : i + taps.size]).tolist()) for i in range(x.size)])


def in_float32(taps: Array, x: Array) -> Array:
    """Filter, summing from the newest sample to the oldest, every operation rounded to float32."""
    y = np.zeros_like(x)
    for k, tap in enumerate(taps):
        y[k:] += tap * x[: x.size - k]
    return y


def filtered_q15(taps: Array) -> dict[str, Array]:
    """Return ``taps``, and for each signal ``_in``, ``_ref`` (exact, in steps) and ``_q15`` (rounded, saturated)."""
    arrays: dict[str, Array] = {"taps": taps}
    for name, signal_in in q15_signals(16000).items():
        x = signal_in[:SAMPLES]
        exact = np.convolve(x.astype(np.int64), taps.astype(np.int64))[: x.size]
        arrays[f"{name}_in"] = x
        arrays[f"{name}_ref"] = np.clip(exact / 32768, -32768, 32767)
        arrays[f"{name}_q15"] = np.clip((exact + 0x4000) >> 15, -32768, 32767).astype(np.int16)
    return arrays
