"""What the score is worth, that the model is made anew, and arrays that do not fit each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cases.pipeline.vibration import machine, reference, train, vectors, workload
from mpy_harness.board.objects import GuestObject
from mpy_harness.errors import GuestException


def test_the_model_is_made_anew() -> None:
    assert train.text() == vectors.MODEL.read_text(encoding="utf-8")


def test_what_is_not_healthy_scores_higher() -> None:
    model = vectors.read_model()
    scores = {
        state: [reference.score(reference.analysed(x).features, model) for x in machine.windows(state, 3, 100)]
        for state in machine.STATES
    }
    assert np.mean(np.array(scores["healthy"]) > workload.ALARM) <= 0.05
    for state in ("worn", "unbalanced"):
        assert min(scores[state]) > workload.ALARM


def test_envelope_is_that_of_the_ringing() -> None:
    # A tone in the band whose strength changes with 112 Hz: nothing but the first of the bins is there.
    t = np.arange(machine.N) / machine.RATE
    x = (1 + 0.5 * np.sin(2 * np.pi * machine.BLOWS * t)) * 4000 * np.sin(2 * np.pi * machine.RINGING * t)
    power = np.abs(reference.analysed(np.rint(x).astype(np.int16)).spectrum) ** 2
    assert power[6:9].sum() > 0.9 * power[2:].sum()


@pytest.mark.parametrize("state", machine.STATES)
@pytest.mark.parametrize("mistake", ["low", "window", "bins", "sample"])
def test_limits_find_mistakes(state: str, mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # The band one bin too low, no window, the wrong bins, the last sample lost.
    x = workload.Vibration.vectors(state)["in"]
    right = reference.analysed(x)
    match mistake:
        case "low":
            monkeypatch.setattr(reference, "LOW", reference.LOW - 1)
        case "window":
            monkeypatch.setattr(reference, "window", lambda: np.ones(reference.BAND))
        case "bins":
            monkeypatch.setattr(reference, "BINS", tuple(each + 1 for each in reference.BINS))
        case _:
            x = np.r_[x[:-1], np.int16(0)]
    wrong = reference.analysed(x)
    off = np.abs(wrong.features - right.features) / (workload.FEATURES_SHARE * right.features_off)
    assert off.max() > 2
    if mistake != "bins":  # which the spectrum has nothing to do with
        off = np.abs(wrong.spectrum - right.spectrum) / (workload.ENVELOPE_SHARE * right.spectrum_off)
        assert off.max() > 10


def test_refuses_arrays_that_do_not_fit(natmod: Callable[..., GuestObject]) -> None:
    module = natmod(workload.Vibration.folder() / "natmod")
    samples, bins = np.zeros(8, np.int16), np.array([1, 2], np.int16)
    n4, n8, n10 = (np.zeros(n, np.float32) for n in (4, 8, 10))
    module.centred(samples, n8, n4, 3)
    module.squared_envelope(n8, n4, np.zeros(6, np.float32), n4, 0)
    module.powers(n8, bins, n4, 2)
    wrong: list[tuple[Any, ...]] = [
        ("centred", samples, n10, n4, 0),
        ("centred", samples, n8, n4, 4),
        ("centred", samples, n8, n4, -1),
        ("centred", samples[:0], n8[:0], n4, 0),
        ("squared_envelope", n10, n4, np.zeros(6, np.float32), n4, 0),
        ("squared_envelope", n8, n4, n8, n4, 0),
        ("powers", n8, bins, n4, 3),
        ("powers", n8, bins - 1, n4, 0),
        ("powers", n8, bins + 1, n4, 0),
    ]
    for name, *arguments in wrong:
        with pytest.raises(GuestException, match="ValueError: arrays do not fit each other"):
            getattr(module, name)(*arguments)
    with pytest.raises(GuestException, match="TypeError: array of another type expected"):
        module.centred(n8, n8, n4, 0)
