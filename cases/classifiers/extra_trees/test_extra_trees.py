"""That the trees are scikit-learn's, numbers at a threshold, and arrays that do not fit each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cases.classifiers.extra_trees import workload
from mpy_harness.board.board import Board
from mpy_harness.board.guarded import Guarded
from mpy_harness.board.natmod_loader import ModuleLoader
from mpy_harness.board.objects import GuestObject
from mpy_harness.errors import GuestException
from mpy_harness.workloads import Guest

DTYPES = {"integers": np.int16, "floats": np.float32}


@pytest.mark.parametrize(("kind", "share"), [("integers", 0.9), ("floats", 0.9), ("tree", 0.85)])
def test_averages_are_scikit_learns_and_votes_as_good(kind: str, share: float) -> None:
    vectors = workload.ExtraTrees.vectors(kind)
    ours, theirs, truth = vectors["average"].argmax(axis=1), vectors["sklearn"], vectors["truth"]
    # Of equal shares either may be taken.
    apart = np.abs(vectors["average"][:, 0] - 0.5) > 1e-6
    np.testing.assert_array_equal(ours[apart], theirs[apart])
    right = np.count_nonzero(theirs == truth)
    assert right > share * len(truth)
    assert np.count_nonzero(vectors["vote"].argmax(axis=1) == truth) >= right - 0.02 * len(truth)


@pytest.mark.parametrize("kind", workload.KINDS)
@pytest.mark.parametrize("form", ["python", "viper", "native"])
def test_a_number_at_the_threshold_is_not_above_it(
    kind: str, form: str, board: Board, natmod: ModuleLoader, guarded: Guarded
) -> None:
    workload.ExtraTrees.skip_where_wrong(form, board)
    module, dtype = Guest(board, workload.ExtraTrees().forms()[form], natmod, "trees_form").load(), DTYPES[kind]
    nodes, roots, classes = np.array([0, -1, -2], np.int16), np.zeros(1, np.int16), np.array([0, 1], np.uint8)
    for threshold in (-32768, -1, 0, 32766):
        for value in {max(threshold - 1, -32768), threshold, threshold + 1}:
            sample, at = np.array([value], dtype), np.array([threshold], dtype)
            got = guarded.call(module, "vote", sample, nodes, at, roots, classes, ..., out=("f", 2))
            assert got.tolist() == [value <= threshold, value > threshold]


def test_refuses_arrays_that_do_not_fit(natmod: Callable[..., GuestObject]) -> None:
    module = natmod(workload.ExtraTrees.folder() / "natmod")
    sample, nodes, roots = np.zeros(2, np.int16), np.array([1, -1, 1, 0, -1, -2], np.int16), np.zeros(1, np.int16)
    thresholds, classes, out = np.zeros(2, np.int16), np.zeros(2, np.uint8), np.zeros(2, np.float32)
    shares = np.zeros(4, np.float32)
    module.vote(sample, nodes, thresholds, roots, classes, out)
    module.average(sample, nodes, thresholds, roots, shares, out)

    def changed(at: int, value: int) -> np.ndarray:
        other = nodes.copy()
        other[at] = value
        return other

    high = np.ones(2, np.int16)
    wrong: list[tuple[Any, ...]] = [
        (sample, nodes[:-1], thresholds, roots, classes, out),
        (sample, nodes, thresholds, roots[:0], classes, out),
        (sample, nodes, thresholds, roots, classes[:0], out),
        (sample, nodes, thresholds, roots, classes, out[:0]),
        (sample, nodes, thresholds, roots, classes + 2, out),
        (sample, nodes, thresholds, roots + 2, classes, out),
        (sample, changed(0, 2), thresholds, roots, classes, out),
        (sample, changed(0, -1), thresholds, roots, classes, out),
        (sample, changed(1, -3), thresholds, roots, classes, out),
        (high, changed(2, 0), thresholds, roots, classes, out),  # itself: an endless loop
        (high, changed(2, 2), thresholds, roots, classes, out),
    ]
    for arguments in wrong:
        with pytest.raises(GuestException, match="ValueError: arrays do not fit each other"):
            module.vote(*arguments)
    with pytest.raises(GuestException, match="ValueError: arrays do not fit each other"):
        module.average(sample, nodes, thresholds, roots, shares[:1], out)
    floats = sample.astype(np.float32)
    wrong = [
        (floats, nodes, thresholds, roots, classes, out),
        (sample, nodes, thresholds.astype(np.float32), roots, classes, out),
        (sample, nodes, thresholds, roots, shares, out),
    ]
    for arguments in wrong:
        with pytest.raises(GuestException, match="TypeError: array of another type expected"):
            module.vote(*arguments)
