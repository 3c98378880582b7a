"""Plain MicroPython code against SciPy: what it computes, what it takes, what it allocates."""

from __future__ import annotations

import numpy as np
import pytest

SHIFT = 3


@pytest.fixture
def samples() -> np.ndarray:
    random = np.random.default_rng(7)
    steps = np.repeat([200, 1800, 900, 3000], 40)
    return (steps + random.integers(-40, 40, steps.size)).astype(np.int16)


def test_exponential(board, golden, samples) -> None:
    board.exec(f"import smoothing; follower = smoothing.Exponential({SHIFT})")
    out = board.hold(np.zeros_like(samples))
    with board.count():
        board.call("follower.run", samples, out)
    expected, state = [], 0
    for sample in samples.tolist():
        state += ((sample << 8) - state) >> SHIFT
        expected.append(state >> 8)
    golden.check(board.fetch(out), np.array(expected), case="exponential", metric="exact", limit=0)


def test_median_of_three(board, golden, samples) -> None:
    board.exec("import smoothing")
    out = board.hold(np.zeros_like(samples))
    with board.count():
        board.call("smoothing.median_of_three", samples, out)
    inner = np.median(np.lib.stride_tricks.sliding_window_view(samples, 3), axis=1)
    expected = np.concatenate([samples[:1], inner, samples[-1:]])
    golden.check(board.fetch(out), expected, case="median_of_three", metric="exact", limit=0)
