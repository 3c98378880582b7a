"""int16 and float32 signals, converted, scaled and limited."""

from __future__ import annotations

import numpy as np

from cases.signals import SEED, Array, Made, float_signals, generator, q15_signals

SCALE = np.float32(0.731)  # no power of two: products are rounded


__all__ = ["SEED", "make"]


def make() -> Made:
    """Return the arrays of int16 and of float32 signals."""
    with np.errstate(over="ignore"):  # some are as loud as float32 goes
        return {"from_int16": from_int16(), "from_float": from_float()}


def from_int16() -> dict[str, Array]:
    """Return int16 signals and their conversions.

    ``_float`` by 1/32768 (exact), ``_scaled_float`` by SCALE (float64), ``_scaled`` by 1.731 and
    saturated (int16, the product rounded to float32 first), ``_clipped`` to -1000..20000.
    """
    inputs = {name: x[:1024] for name, x in q15_signals(16000).items()}
    inputs["every_kind"] = np.r_[np.arange(-32768, 32768, 61), -32768, -32767, -1, 0, 1, 32766, 32767].astype(np.int16)
    gain = np.float32(1.731)
    arrays: dict[str, Array] = {"scale": np.array([SCALE]), "gain": np.array([gain])}
    for name, x in inputs.items():
        arrays[f"{name}_in"] = x
        arrays[f"{name}_float"] = x / 32768
        arrays[f"{name}_scaled_float"] = x.astype(np.float64) * float(SCALE)
        arrays[f"{name}_scaled"] = to_int16(x.astype(np.float32) * gain)
        arrays[f"{name}_clipped"] = np.clip(x, -1000, 20000)
    return arrays


def from_float() -> dict[str, Array]:
    """Return float32 signals and their conversions.

    ``_int16`` by 32768, ``_exact_int16`` the same before rounding (float64), ``_scaled_int16`` by 10000 times
    SCALE, the product rounded to float32 first, ``_scaled`` by SCALE (float64), ``_clipped`` to -0.25..0.5.
    """
    inputs = {name: x[:1024] for name, x in float_signals(16000).items()}
    inputs["full_scale"] = inputs["full_scale"] * np.float32(1.5)
    inputs["halves"] = ((np.arange(-300, 300) + 0.5) / 32768).astype(np.float32)
    near_ends = np.r_[np.arange(32764, 32771, 0.25), -np.arange(32764, 32771, 0.25)]
    inputs["ends"] = (near_ends / 32768).astype(np.float32)
    inputs["special"] = special()
    arrays: dict[str, Array] = {"scale": np.array([SCALE])}
    for name, x in inputs.items():
        wide = x.astype(np.float64)
        arrays[f"{name}_in"] = x
        arrays[f"{name}_int16"] = to_int16(x * np.float32(32768))
        arrays[f"{name}_exact_int16"] = np.clip(np.nan_to_num(wide * 32768, nan=0.0), -32768, 32767)
        arrays[f"{name}_scaled_int16"] = to_int16(x * (np.float32(10000) * SCALE))
        arrays[f"{name}_scaled"] = wide * float(SCALE)
        arrays[f"{name}_clipped"] = np.clip(wide, -0.25, 0.5)
    return arrays


def special() -> Array:
    """Return NaN, infinities, zeros of both signs, and the ends of float32's range among noise."""
    values = [np.nan, np.inf, -np.inf, 0.0, -0.0, 3e38, -3e38, 2.0**-126, -(2.0**-126), 2.0**-149, -(2.0**-149)]
    x = generator(20).standard_normal(64).astype(np.float32) / 4
    x[3 : 3 + 5 * len(values) : 5] = values
    return x


def to_int16(x: Array) -> Array:
    """Round float32 to the nearest integer, ties to even, and saturate; NaN gives 0."""
    whole: Array = np.clip(np.nan_to_num(np.rint(x), nan=0.0), -32768, 32767)
    return whole.astype(np.int16)
