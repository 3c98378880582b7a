"""Cascaded biquads: designs, signals, and what scipy.signal.sosfilt makes of them in float64."""

from __future__ import annotations

import numpy as np
from scipy import signal

from cases.signals import SEED, Array, Made, float_signals

__all__ = ["SEED", "make"]


def make() -> Made:
    """Return the arrays of every design."""
    return {name: filtered(sos, rate) for name, (sos, rate) in designs().items()}


# Pole frequencies of A-weighting in Hz, of order 2, 1, 1, 2; its zeros are four at 0 Hz (IEC 61672-1).
A_WEIGHTING_POLES = (20.598997, 20.598997, 107.65265, 737.86223, 12194.217, 12194.217)


def a_weighting(rate: float) -> tuple[Array, Array, float]:
    """Return zeros, poles and gain of A-weighting by the bilinear transform, with gain 1 at 1 kHz."""
    poles = -2 * np.pi * np.array(A_WEIGHTING_POLES)
    z, p, _ = signal.bilinear_zpk(np.zeros(4), poles, 1.0, rate)
    at_1khz = np.exp(2j * np.pi * 1000 / rate)
    return z, p, float(abs(np.prod(at_1khz - p) / np.prod(at_1khz - z)))


def a_weighting_spread(rate: float) -> Array:
    """Return sections that each hold one of the two poles at 20.6 Hz, beside a pole far from it.

    Two equal poles near z = 1 in one section are what float32 cannot represent well: their place moves
    with the square root of a coefficient's rounding, and both amplify the rounding of the state.
    """
    _, p, gain = a_weighting(rate)
    low, mid, high, top = (float(np.real(p[i])) for i in (0, 2, 3, 4))
    sections = (((-1, 1), (high, mid)), ((1, 1), (top, low)), ((-1, 1), (top, low)))
    sos = np.array([np.r_[np.poly(zeros), np.poly(poles)] for zeros, poles in sections])
    sos[0, :3] *= gain
    return sos


def designs() -> dict[str, tuple[Array, float]]:
    """Return second-order sections and sampling rate in Hz of every design."""
    return {
        "a_weighting": (a_weighting_spread(16000), 16000),
        # As SciPy pairs poles, the two at 20.6 Hz share a section.
        "a_weighting_zpk2sos": (signal.zpk2sos(*a_weighting(16000)), 16000),
        "highpass_100hz": (signal.butter(2, 0.5, "high", fs=100, output="sos"), 100),
        # 0.5 Hz as well: rounded to float32, one of its poles lies on z = 1.
        "highpass_16khz": (signal.butter(2, 0.5, "high", fs=16000, output="sos"), 16000),
    }


def filtered(sos: Array, rate: float) -> dict[str, Array]:
    """Return ``sos`` (float32, flat) and for each signal ``_in``, ``_ref`` (sosfilt in float64) and ``_f32``.

    The reference filters with the coefficients in float64, not rounded to float32. ``_f32`` is a model of
    the algorithm in float32: what the format allows, whoever computes it.
    """
    arrays: dict[str, Array] = {"sos": sos.astype(np.float32).ravel()}
    for name, x in float_signals(rate).items():
        arrays[f"{name}_in"] = x
        arrays[f"{name}_ref"] = signal.sosfilt(sos, x.astype(np.float64))
        arrays[f"{name}_f32"] = in_float32(arrays["sos"], x)
    return arrays


def in_float32(sos: Array, x: Array) -> Array:
    """Filter in transposed direct form II, every operation rounded to float32."""
    y = x.astype(np.float32)
    for b0, b1, b2, _, a1, a2 in sos.reshape(-1, 6):
        s1 = s2 = np.float32(0)
        for i, v in enumerate(y):
            out = b0 * v + s1
            s1 = (b1 * v - a1 * out) + s2
            s2 = b2 * v - a2 * out
            y[i] = out
    return y
