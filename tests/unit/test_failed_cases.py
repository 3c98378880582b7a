"""Arrays of failed cases: kept, named, drawn."""

from __future__ import annotations

import numpy as np
import pytest

from mpy_harness.golden import Golden
from mpy_harness.golden.cases import judge
from mpy_harness.golden.metrics import metric
from mpy_harness.reports.error_plot import plot_error

FAILING = """
import numpy as np


def test_wrong(golden):
    x = np.arange(5.0)
    golden.check(x + 1, x, case="odd/../na me", metric="max_abs", limit=0.5, given=2 * x)


def test_nothing(golden):
    golden.check(None, [1.0], case="nothing", metric="max_abs", limit=0.5)


def test_right(golden):
    golden.check([1.0], [1.0], case="right", metric="max_abs", limit=0.5)
"""


def test_a_failed_case_keeps_its_arrays(pytester: pytest.Pytester):
    pytester.makepyfile(FAILING)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(failed=2, passed=1)
    files = sorted((pytester.path / ".mpy-harness" / "failed").glob("*.npz"))
    assert [file.name.rpartition("-")[0] for file in files] == ["nothing-max_abs-m33", "odd_.._na_me-max_abs-m33"]
    kept = np.load(files[1])
    assert {name: kept[name].tolist() for name in kept} == {
        "got": [1.0, 2.0, 3.0, 4.0, 5.0], "reference": [0.0, 1.0, 2.0, 3.0, 4.0], "input": [0.0, 2.0, 4.0, 6.0, 8.0],
    }  # fmt: skip
    assert np.load(files[0]).files == ["reference"]
    out = result.stdout.str()
    assert f"{files[1]}  (got, reference, input)" in out
    assert out.count("- arrays of the failed case -") == 2


def test_a_check_that_passes_keeps_nothing(tmp_path):
    golden = Golden("m33", "armv7emsp", tmp_path, keep=lambda *_: pytest.fail("kept"))
    golden.check([1.0], [1.0], case="right", metric="max_abs", limit=0.5)


@pytest.mark.parametrize(
    ("got", "reference"),
    [
        (np.arange(300.0), np.zeros(300)),
        (np.array([1 + 1j, 2]), np.array([1j, 2])),
        (np.arange(4), np.zeros((2, 2))),
        (np.arange(3.0), np.zeros(5)),
        (np.array([]), np.zeros(2)),
        (np.array([np.nan, 1.0]), np.zeros(2)),
    ],
    ids=["long", "complex", "shape", "length", "empty", "nan"],
)
def test_the_error_is_drawn(got, reference, tmp_path):
    pytest.importorskip("matplotlib", reason="plots need matplotlib: pip install 'mpy-harness[plots]'")
    result, _ = judge(got, reference, case="a/$b$", measure=metric("max_abs"), limit=0.0)
    plot_error(result, got, reference, got if got.size else None, tmp_path / "it.png")
    assert (tmp_path / "it.png").read_bytes()[:4] == b"\x89PNG"
