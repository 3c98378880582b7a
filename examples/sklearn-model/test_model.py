"""The tree on an emulated microcontroller, against scikit-learn on the host."""

from __future__ import annotations

import numpy as np
from train import as_micropython, data, trained


def test_classifies_as_scikit_learn_does(board, golden) -> None:
    model = trained()
    x, y = data()
    held_out, species = x[1::2], y[1::2]
    board.exec(as_micropython(model))
    board.exec("def classify_all(rows): return [classify(rows[i : i + 4]) for i in range(0, len(rows), 4)]")
    with board.count():
        got = board.call("classify_all", held_out.ravel())
    golden.check(np.array(got), model.predict(held_out), case="irises", metric="exact", limit=0)
    assert np.mean(np.array(got) == species) > 0.9
