"""The reference is scikit-learn's, ties, and arrays that do not fit each other."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from cases.classifiers.neighbours import vectors, workload
from mpy_harness.board.board import Board
from mpy_harness.board.guarded import Guarded
from mpy_harness.board.natmod_loader import ModuleLoader
from mpy_harness.board.objects import GuestObject
from mpy_harness.errors import GuestException
from mpy_harness.workloads import Guest


@pytest.mark.parametrize("k", vectors.NEIGHBOURS)
def test_finds_what_scikit_learn_finds(k: int) -> None:
    train, held_out, train_class, classes = vectors.wines()
    ours = vectors.found(train, train_class, held_out, k)
    model = KNeighborsClassifier(k).fit(train, train_class)
    distances, _ = model.kneighbors(held_out)
    assert np.allclose(ours[:, 1 + k :], distances**2)
    # Which of two samples equally far away is a neighbour is not the same everywhere: it may decide.
    unclear = (np.diff(np.sort(((held_out[:, None] - train) ** 2).sum(axis=2)))[:, k - 1] == 0).sum()
    assert (ours[:, 0] != model.predict(held_out)).sum() <= unclear <= 2
    right, all_of_them = workload.Neighbours.vectors(f"wine_{k}")["right"]
    assert right == (ours[:, 0] == classes).sum() > 0.9 * all_of_them


def test_some_wine_has_as_many_neighbours_of_one_class_as_of_another() -> None:
    train, held_out, train_class, _ = vectors.wines()
    k = vectors.NEIGHBOURS[1]
    neighbours = vectors.found(train, train_class, held_out, k)[:, 1 : 1 + k]
    assert any(np.sort(np.bincount(row, minlength=3))[-2:].tolist() == [k // 2, k // 2] for row in neighbours)


@pytest.mark.parametrize("form", ["python", "native"])
def test_of_equally_many_the_least_class_wins(form: str, board: Board, natmod: ModuleLoader, guarded: Guarded) -> None:
    module = Guest(board, workload.Neighbours().forms()[form], natmod, "neighbours_form").load()
    model = np.array([1, 5, 4, 7, 30, -2, 10, 7, 11, 3, 900, -2, 31], np.int16)
    got = guarded.call(module, "classify", np.array([10], np.int16), model, ..., out=("i", 9))
    assert got.tolist() == [-2, -2, 7, 7, -2, 0, 1, 400, 441]


def test_refuses_arrays_that_do_not_fit(natmod: Callable[..., GuestObject]) -> None:
    module = natmod(workload.Neighbours.folder() / "natmod")
    x, out = np.zeros(3, np.int16), np.zeros(5, np.int32)
    model = np.array([3, 4, 2, *[0] * 16], np.int16)
    module.classify(x, model, out)
    more, none, negative = (np.r_[[3, 4, k], model[3:]].astype(np.int16) for k in (5, 0, -1))
    wrong = [
        (x[:2], model, out), (x, model[:-1], out), (x, model[:3], out), (x, model, out[:4]), (x, more, out),
        (x, none, out[:1]), (x, negative, out),
    ]  # fmt: skip
    for each in wrong:
        with pytest.raises(GuestException, match="ValueError: x, model and out do not fit each other"):
            module.classify(*each)
    with pytest.raises(GuestException, match="TypeError"):
        module.classify(x.astype(np.float32), model, out)
