"""The meter on CPython: what it may be off finds mistakes, levels fall as they must, and the weighting's class."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import signal

from cases.filters.iir import vectors as iir
from cases.pipeline.sound_meter import iec61672, vectors, workload
from cases.signals import Array
from mpy_harness.resources import natmods_dir

Change = Callable[[Any, Array], Array]


def right(_: Any, pcm: Array) -> Array:
    return pcm


def unweighted(meter: Any, pcm: Array) -> Array:
    meter.weighting.run = lambda _samples: None
    return pcm


def one_pole_off(meter: Any, pcm: Array) -> Array:
    meter.weighting._sections[1][4] *= 1.001
    return pcm


def fast_is_slow(meter: Any, pcm: Array) -> Array:
    meter.kept.reverse()
    return pcm


def a_chunk_is_lost(_: Any, pcm: Array) -> Array:
    return np.r_[pcm[vectors.CHUNK :], np.zeros(vectors.CHUNK, np.int16)]


def bytes_are_swapped(_: Any, pcm: Array) -> Array:
    return pcm.byteswap()


def levels_off(name: str, change: Change) -> float:
    """Return by how many dB levels are off when the meter runs here, on the modules' Python twins."""
    twin = {each: runpy.run_path(str(natmods_dir() / each / f"{each}_python.py")) for each in ("arrayutils", "iir")}
    module = type("arrayutils", (), {"int16_to_float": staticmethod(twin["arrayutils"]["int16_to_float"])})
    weighting = twin["iir"]["new"](workload.SoundMeter.vectors("filter")["sos"].tolist())
    made = runpy.run_path(str(workload.SoundMeter.folder() / "meter.py"))["Meter"]
    meter = made(module, weighting, vectors.CHUNK, vectors.RATE, vectors.FULL_SCALE)
    got, of_signal = [], workload.SoundMeter.vectors(name)
    for pcm in change(meter, of_signal["in"]).reshape(-1, vectors.CHUNK).tolist():
        levels = [0.0, 0.0]
        meter.measure(pcm, levels)
        got.append(levels)
    return float(np.abs(np.array(got) - of_signal["levels"]).max())


@pytest.mark.parametrize("name", workload.SIGNALS)
def test_levels_on_cpython_are_those_of_scipy(name: str) -> None:
    assert levels_off(name, right) <= workload.LIMIT_DB


@pytest.mark.parametrize("change", [unweighted, one_pole_off, fast_is_slow, a_chunk_is_lost, bytes_are_swapped])
def test_the_limit_finds_mistakes(change: Change) -> None:
    assert levels_off("pink", change) > 2 * workload.LIMIT_DB


def test_levels_fall_as_the_standard_says() -> None:
    # IEC 61672-1, 5.8: when a tone ends, F falls by 25 dB/s at least, S by 3.4 to 5.3 dB/s.
    fast, slow = np.diff(workload.SoundMeter.vectors("ended")["levels"][4:], axis=0).T * vectors.RATE / vectors.CHUNK
    assert (fast < -25).all()
    assert (slow < -3.4).all()
    assert (slow > -5.3).all()


def test_class_2_up_to_5_khz_and_not_above() -> None:
    shares = dict(zip(iec61672.CLASS_2, iec61672.shares_of_class_2(workload.designed_db()), strict=True))
    assert [f for f, share in shares.items() if share > 1] == [6300, 8000]


def test_class_2_finds_a_wrong_weighting() -> None:
    good = np.array(list(iec61672.CLASS_2)) <= workload.GOOD_TO
    for rate in (8000, 44100):  # designed for another rate
        _, gain = signal.sosfreqz(iir.a_weighting_spread(rate), iec61672.frequencies(), fs=vectors.RATE)
        assert (iec61672.shares_of_class_2(20 * np.log10(np.abs(gain)))[good] > 1).any()
