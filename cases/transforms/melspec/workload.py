"""The front end of sound classifiers: log-mel spectrum and MFCC of 256 samples of 16 bits at 16 kHz.

Hann window, power spectrum, 20 triangular filters from 0 to 8 kHz that are equally wide in mel, natural logarithm, and
the first 13 coefficients of the orthonormal DCT-II. The host makes window and filters (``mel.py``), so the mel scale is
no matter of the code in the guest: the cases ``slaney_…`` have librosa's, the others the HTK Book's. The reference is
NumPy and scipy.fft in float64; for ``slaney_…`` it is what librosa's documentation says that ``melspectrogram``,
``power_to_db`` and ``mfcc`` compute, in decibels of samples from -1 to 1.

- ``python``: bytecode, with the twin of natmods/fft; ``@native``: its own steps decorated
- ``native``: the steps in C (``natmod/``) with natmods/fft, put together by the same few lines of Python

The samples are integers as they are, so a spectrum reaches up to 4e6; the least power whose logarithm is
taken is 100, with librosa's smaller weights 1/8.
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
from cases.transforms.melspec.mel import Scale, filter_bank
from mpy_harness.workloads import Case, Check, Guest, Workload

RATE, N, BANDS, COEFFICIENTS = 16000, 256, 20, 13
UNIT = 2.0**-24
LEAST = 100.0
#: Of librosa's bands, in squares of integers: ``amin`` of power_to_db, 2**-33 (by default 1e-10), of samples up to 1.
SLANEY_LEAST = 0.125
FULL_SCALE = 2.0**15


@dataclass(frozen=True)
class Tables:
    """What the host makes: window (N,), triangles (bands, N/2 + 1), rows of the DCT (coefficients, bands)."""

    window: Array
    triangles: Array
    rows: Array
    least: float = LEAST

    def of_guest(self) -> list[Array]:
        """Return window, bins, weights, the least power and the rows, as the front end takes them."""
        used = [np.flatnonzero(triangle) for triangle in self.triangles]
        bins = np.array([(each[0], each.size) for each in used], np.int16)
        weights = np.concatenate([triangle[each] for triangle, each in zip(self.triangles, used, strict=True)])
        floats = [each.astype(np.float32).ravel() for each in (self.window, weights, np.array([self.least]), self.rows)]
        return [floats[0], bins.ravel(), *floats[1:]]


def tables(scale: Scale = "htk") -> Tables:
    """Return the tables in float64."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N) / N)
    rows = fft.dct(np.eye(BANDS), norm="ortho", axis=0)[:COEFFICIENTS]
    return Tables(window, filter_bank(scale, RATE, N, BANDS), rows, LEAST if scale == "htk" else SLANEY_LEAST)


class Melspec(Workload):
    """The front end in every form."""

    decorated = ("windowed", "log_mel", "dct")

    def cases(self) -> Iterator[Case]:
        """Return noise, a voice and silence, with both mel scales."""
        for name in SIGNALS:
            yield Case(name, partial(self.analysed, name))
        for name in SIGNALS:
            yield Case(f"slaney_{name}", partial(self.as_librosa, name))

    def analysed(self, name: str, guest: Guest) -> Iterator[Check]:
        """Compute logarithms and coefficients, held against NumPy's in units of what they may be off."""
        x, made = SIGNALS[name](), tables()
        got = self.front_end(guest, x, made)
        (logs, off), (mfcc, mfcc_off) = reference(x, made)
        yield Check(got[:BANDS] / off, logs / off, "max_abs", 1, name="log_mel", per=N, given=x)
        yield Check(got[BANDS:] / mfcc_off, mfcc / mfcc_off, "max_abs", 1, name="mfcc", per=N, given=x)

    def as_librosa(self, name: str, guest: Guest) -> Iterator[Check]:
        """Compute the same with librosa's mel scale, held against its formulas."""
        x, made = SIGNALS[name](), tables("slaney")
        logs, mfcc = in_decibels(self.front_end(guest, x, made))
        expected, expected_mfcc = librosa(x, made)
        (_, off), (_, mfcc_off) = (DECIBELS * np.array(each) for each in reference(x, made))
        yield Check(logs / off, expected / off, "max_abs", 1, name="log_mel", per=N, given=x)
        yield Check(mfcc / mfcc_off, expected_mfcc / mfcc_off, "max_abs", 1, name="mfcc", per=N, given=x)

    def front_end(self, guest: Guest, x: Array, made: Tables) -> Array:
        """Return logarithms and coefficients, (bands + coefficients,), and measure what one call takes of the heap."""
        steps = guest.load()
        fft_module = guest.natmod("fft", form="native" if guest.form.name == "native" else "python")
        guest.board.files.put(self.folder() / "front_end.py", "/front_end.py")
        front_end = guest.board.import_module("front_end", "/front_end.py").FrontEnd(
            steps, fft_module.new(N), *made.of_guest()
        )
        got = guest.guarded.call(front_end, "run", x, ..., out=("f", BANDS + COEFFICIENTS))
        allocations(guest, front_end, "run", x, np.zeros(BANDS + COEFFICIENTS, np.float32))
        return got


def reference(x: Array, made: Tables) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Return the bands' logarithms, and the coefficients, each with how far float32 may be off.

    The transform's error is bounded in the 2-norm, so no number of the spectrum is off by more than that
    share of the whole spectrum's length. A weak band among strong ones may be off by more than others.
    """
    spectrum = np.fft.rfft(x * made.window)
    power = made.triangles @ np.abs(spectrum) ** 2
    logs = np.log(np.maximum(power, made.least))
    # Besides the transform: the window, and its product with the sample.
    off = (relative_bound(N, "real") + 2 * UNIT) * np.sqrt(N * ((x * made.window) ** 2).sum())
    # A band's sum: of each bin a square, a sum, a weight and a product are rounded, and two more of the square.
    most = np.count_nonzero(made.triangles, axis=1).max() + 6
    wrong = made.triangles @ (2 * np.abs(spectrum) * off + off**2) + most * UNIT * power
    # The logarithm rounds three times: its parts, their sum.
    logs_off = wrong / np.maximum(power, made.least) + 3 * UNIT * np.abs(logs)
    # A coefficient adds up 20 products with numbers of a rounded table.
    rows_off = np.abs(made.rows) @ (logs_off + (BANDS + 2) * UNIT * np.abs(logs))
    return (logs, logs_off), (made.rows @ logs, rows_off)


DECIBELS = 10 / np.log(10)


def in_decibels(got: Array) -> tuple[Array, Array]:
    """Return logarithms of powers of integers, and their coefficients, as decibels of samples from -1 to 1."""
    full_scale = DECIBELS * 2 * np.log(FULL_SCALE)
    mfcc = DECIBELS * got[BANDS:].astype(float)
    mfcc[0] -= full_scale * np.sqrt(BANDS)  # a constant is the first coefficient alone
    return DECIBELS * got[:BANDS].astype(float) - full_scale, mfcc


def librosa(x: Array, made: Tables) -> tuple[Array, Array]:
    """Return decibels of the bands, and their coefficients, of one frame by the formulas of librosa's documentation.

    They are those of ``stft(center=False)`` with its periodic Hann window, ``filters.mel``, ``power_to_db(amin=2**-33,
    top_db=None)`` and ``feature.mfcc(norm="ortho")``. By default, ``power_to_db`` also raises what is more than 80 dB
    below the loudest band of the whole sound, which a front end that hears frame by frame does not know.
    """
    power = made.triangles @ np.abs(np.fft.rfft(x / FULL_SCALE * made.window)) ** 2
    decibels = 10 * np.log10(np.maximum(power, made.least / FULL_SCALE**2))
    return decibels, fft.dct(decibels, type=2, norm="ortho")[:COEFFICIENTS]


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
