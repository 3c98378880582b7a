"""The front end of sound classifiers: log-mel spectrum and MFCC of 256 samples of 16 bits at 16 kHz.

Hann window, power spectrum, 20 triangular filters from 0 to 8 kHz that are equally wide in mel (the HTK
Book's formula, 2595 * log10(1 + f/700), section 5.4 of version 3.4), natural logarithm, and the first 13
coefficients of the orthonormal DCT-II. The host makes window and filters; the reference is NumPy and
scipy.fft in float64.

- ``python``: bytecode, with the twin of natmods/fft; ``@native``: its own steps decorated
- ``native``: the steps in C (``natmod/``) with natmods/fft, put together by the same few lines of Python

The samples are integers as they are, so a spectrum reaches up to 4e6; the least power whose logarithm is
taken is 100.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import fft

from cases.allocated import allocations
from cases.signals import Array, generator
from cases.transforms.fft.workload import relative_bound
from mpy_harness.workloads import Case, Check, Guest, Workload

RATE, N, BANDS, COEFFICIENTS = 16000, 256, 20, 13
UNIT = 2.0**-24
LEAST = 100.0


@dataclass(frozen=True)
class Tables:
    """What the host makes: window (N,), triangles (bands, N/2 + 1), rows of the DCT (coefficients, bands)."""

    window: Array
    triangles: Array
    rows: Array

    def of_guest(self) -> list[Array]:
        """Return window, bins, weights, the least power and the rows, as the front end takes them."""
        used = [np.flatnonzero(triangle) for triangle in self.triangles]
        bins = np.array([(each[0], each.size) for each in used], np.int16)
        weights = np.concatenate([triangle[each] for triangle, each in zip(self.triangles, used, strict=True)])
        floats = [each.astype(np.float32).ravel() for each in (self.window, weights, np.array([LEAST]), self.rows)]
        return [floats[0], bins.ravel(), *floats[1:]]


def tables() -> Tables:
    """Return the tables in float64."""
    top = 2595 * np.log10(1 + RATE / 2 / 700)
    corners = 700 * (10 ** (np.linspace(0, top, BANDS + 2) / 2595) - 1)
    frequencies = np.fft.rfftfreq(N, 1 / RATE)
    low, middle, high = (corners[at : at + BANDS, None] for at in range(3))
    rising, falling = (frequencies - low) / (middle - low), (high - frequencies) / (high - middle)
    triangles = np.maximum(0, np.minimum(rising, falling))
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N) / N)
    return Tables(window, triangles, fft.dct(np.eye(BANDS), norm="ortho", axis=0)[:COEFFICIENTS])


class Melspec(Workload):
    """The front end in every form."""

    decorated = ("windowed", "log_mel", "dct")

    def cases(self) -> Iterator[Case]:
        """Return noise, a voice and silence."""
        for name in SIGNALS:
            yield Case(name, partial(self.analysed, name))

    def analysed(self, name: str, guest: Guest) -> Iterator[Check]:
        """Compute logarithms and coefficients, held against NumPy's in units of what they may be off."""
        x, made = SIGNALS[name](), tables()
        steps = guest.load()
        fft_module = guest.natmod("fft", form="native" if guest.form.name == "native" else "python")
        guest.board.files.put(self.folder() / "front_end.py", "/front_end.py")
        front_end = guest.board.import_module("front_end", "/front_end.py").FrontEnd(
            steps, fft_module.new(N), *made.of_guest()
        )
        got = guest.guarded.call(front_end, "run", x, ..., out=("f", BANDS + COEFFICIENTS))
        (logs, off), (mfcc, mfcc_off) = reference(x, made)
        yield Check(got[:BANDS] / off, logs / off, "max_abs", 1, name="log_mel", per=N, given=x)
        yield Check(got[BANDS:] / mfcc_off, mfcc / mfcc_off, "max_abs", 1, name="mfcc", per=N, given=x)
        allocations(guest, front_end, "run", x, np.zeros(BANDS + COEFFICIENTS, np.float32))


def reference(x: Array, made: Tables) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Return the bands' logarithms, and the coefficients, each with how far float32 may be off.

    The transform's error is bounded in the 2-norm, so no number of the spectrum is off by more than that
    share of the whole spectrum's length. A weak band among strong ones may be off by more than others.
    """
    spectrum = np.fft.rfft(x * made.window)
    power = made.triangles @ np.abs(spectrum) ** 2
    logs = np.log(np.maximum(power, LEAST))
    # Besides the transform: the window, and its product with the sample.
    off = (relative_bound(N, "real") + 2 * UNIT) * np.sqrt(N * ((x * made.window) ** 2).sum())
    # A band's sum has at most 30 bins, of each of which a square, a sum, a weight and a product are rounded.
    wrong = made.triangles @ (2 * np.abs(spectrum) * off + off**2) + 36 * UNIT * power
    # The logarithm rounds three times: its parts, their sum.
    logs_off = wrong / np.maximum(power, LEAST) + 3 * UNIT * np.abs(logs)
    # A coefficient adds up 20 products with numbers of a rounded table.
    rows_off = np.abs(made.rows) @ (logs_off + (BANDS + 2) * UNIT * np.abs(logs))
    return (logs, logs_off), (made.rows @ logs, rows_off)


def noise() -> Array:
    """Return white noise."""
    return np.rint(4000 * generator(80).standard_normal(N)).astype(np.int16)


def voice() -> Array:
    """Return 20 harmonics of 220 Hz, each weaker by its number, in a little noise."""
    t = np.arange(N) / RATE
    tones = sum(np.sin(2 * np.pi * 220 * k * t + k * k) / k for k in range(1, 21))
    return np.rint(6000 * tones + 40 * generator(81).standard_normal(N)).astype(np.int16)


def silence() -> Array:
    """Return nothing: the logarithms are those of the least power."""
    return np.zeros(N, np.int16)


SIGNALS = {"noise": noise, "voice": voice, "silence": silence}
