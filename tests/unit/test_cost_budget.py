"""Budgets of estimates: their words, what they say, and searches of scikit-learn within them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mpy_harness.costs import Budget, estimate, scoring
from mpy_harness.costs.budget import figures
from mpy_harness.errors import BudgetExceeded, BudgetInvalid
from mpy_harness.plugin import budgets

COST = estimate("iir:sections=3", target="m33")


def test_the_most_of_an_interval_counts():
    least, middle, most = figures(COST)["time_us"]
    assert least < 0.8 * middle < middle < 1.2 * middle < most  # float code
    assert Budget(time_us=most * 1.001).fits(COST)
    assert not Budget(time_us=most * 0.999).fits(COST)
    (fit,) = Budget(time_us=middle).of(COST)
    assert fit.verdict == "perhaps"
    (fit,) = Budget(time_us=least * 0.99).of(COST)
    assert fit.verdict == "no"
    (waiting,) = Budget(time_us=middle).of(estimate("iir:sections=3", part="stm32f405"))
    assert waiting.most_above > waiting.error + 10


def test_bytes_are_exact_and_have_units():
    budget = Budget(heap="2 KiB", flash=COST.flash, ram=2000)
    assert (budget.heap, budget.flash) == (2048, COST.flash)
    assert budget.fits(COST)
    assert not Budget(flash=COST.flash - 1).fits(COST)
    assert not Budget(heap=COST.heap - 1).fits(COST)


def test_what_is_too_much_is_told():
    with pytest.raises(BudgetExceeded) as caught:
        Budget(heap=100, time_us=1e6, instructions=10).check(COST)
    first, second = str(caught.value).splitlines()
    assert first.startswith("m33: does not fit: ")
    assert "of instructions" in first
    assert second.startswith(f"m33: does not fit: {COST.heap:,} B of heap, ")
    Budget(heap=10_000).check(COST)


def test_a_time_that_is_not_known_may_be_any():
    untimed = replace(COST, stages=tuple(replace(stage, time=None) for stage in COST.stages))
    with pytest.raises(BudgetExceeded, match="m33: may not fit: its time is not known"):
        Budget(time_us=1e9).check(untimed)
    Budget(heap="1 MiB").check(untimed)


@pytest.mark.parametrize(
    "words",
    [{}, {"heap": "lots"}, {"heap": 1.5}, {"heap": -1}, {"time_us": "5 ms"}, {"time_us": float("nan")},
     {"instructions": "1 KiB"}, {"instructions": True}, {"flash": -5}, {"ram": "-1 KiB"}],
)  # fmt: skip
def test_what_is_no_limit(words):
    with pytest.raises(BudgetInvalid):
        Budget(**words)


# --- in a test ----------------------------------------------------------------------------------

TEST = """
import pytest
from mpy_harness.costs import estimate

{marker}
def test_func({fixtures}):
    budget.check(estimate("iir:sections=3"))
"""


@pytest.fixture
def item(pytester):
    return lambda marker, fixtures="budget": pytester.getitem(TEST.format(marker=marker, fixtures=fixtures))


def test_the_marker_is_the_budget(item):
    test = item("@pytest.mark.budget(heap=1)\n@pytest.mark.budget(time_us=5e6, heap='2 KiB')")
    assert budgets.estimated(test) == Budget(heap=2048, time_us=5e6)
    assert budgets.Budgets.of(test, None) is None


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        (
            "@pytest.mark.budget(heap=2000, alloc=0)",
            "no estimate tells alloc, only flash, heap, instructions, ram, time",
        ),
        ("", "the fixture budget wants limits"),
        ("@pytest.mark.budget(heap=5, region='a')", "the fixture budget wants limits"),
    ],
)
def test_what_no_estimate_tells(item, marker, message):
    with pytest.raises(BudgetInvalid, match=message):
        budgets.estimated(item(marker))


def test_what_only_a_run_tells_is_left_to_it(pytester):
    source = TEST.format(marker="@pytest.mark.budget(heap=2000, alloc=0)", fixtures="board, budget")
    (test,) = pytester.getitems(source)
    assert budgets.estimated(test) == Budget(heap=2000)


def test_a_test_that_estimates(pytester):
    pytester.makepyfile(
        test_kept=TEST.format(marker="@pytest.mark.budget(heap='2 KiB')", fixtures="budget"),
        test_exceeded=TEST.format(marker="@pytest.mark.budget(heap=5)", fixtures="budget"),
    )
    done = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["*BudgetExceeded: m33: does not fit: * B of heap, *% of 5 B*"])


# --- in a search --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def digits():
    sets = pytest.importorskip("sklearn.datasets")
    pixels, classes = sets.load_digits(return_X_y=True)
    return (2 * pixels[:600]).astype(np.int16), classes[:600]


@pytest.fixture(scope="module")
def search(digits):
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import GridSearchCV

    grid = {"n_estimators": [2, 8], "max_leaf_nodes": [10, 40]}
    forest = RandomForestClassifier(random_state=1)
    return GridSearchCV(forest, grid, scoring=scoring(part="rp2040"), refit=False, cv=3).fit(*digits)


def test_a_search_stays_within_a_budget(search):
    heaps = -search.cv_results_["mean_test_neg_heap"]
    scores = search.cv_results_["mean_test_score"]
    free = Budget(heap="1 MiB").best(search.cv_results_)
    assert scores[free] == scores.max()
    least = Budget(heap=int(heaps.min()) + 100).best(search.cv_results_)
    assert heaps[least] == heaps.min()
    assert scores[least] < scores[free]
    most = -np.min([search.cv_results_[f"split{fold}_test_neg_heap"] for fold in range(3)], axis=0)
    with pytest.raises(BudgetExceeded, match=r"none of 4 candidates .* the nearest is \{'max_leaf_nodes': 10"):
        Budget(heap=int(most.min()) - 1).best(search.cv_results_)
    assert Budget(heap=int(most.min())).best(search.cv_results_) == int(most.argmin())


def test_one_fold_that_is_too_large_is_enough(search):
    results = {key: np.array(values) for key, values in search.cv_results_.items()}
    best = Budget(heap="1 MiB").best(results)
    results["split1_test_neg_heap"][best] = -2e6
    assert Budget(heap="1 MiB").best(results) != best


def test_a_cost_is_a_score(digits):
    from sklearn.model_selection import GridSearchCV
    from sklearn.tree import DecisionTreeClassifier

    grid = {"max_leaf_nodes": [40, 3, 20]}
    tree = DecisionTreeClassifier(random_state=1)
    search = GridSearchCV(tree, grid, scoring=scoring(), refit="neg_flash", cv=2).fit(*digits)
    assert search.best_params_ == {"max_leaf_nodes": 3}


def test_a_search_without_costs_is_told(search):
    results = {key: values for key, values in search.cv_results_.items() if "time_us" not in key}
    with pytest.raises(BudgetInvalid, match=r"no figure for time_us: give it scoring=mpy_harness\.costs\.scoring"):
        Budget(time_us=5).best(results)
