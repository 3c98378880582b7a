"""Models of scikit-learn besides trees, and pipelines: what their stages are, and what is refused in which words."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from mpy_harness.costs import estimate
from mpy_harness.costs.estimators import estimator_stages
from mpy_harness.costs.pipelines import unwrapped
from mpy_harness.errors import ModelInvalid

sklearn = pytest.importorskip("sklearn", reason="scikit-learn is not installed: pip install scikit-learn")

from sklearn.cluster import KMeans  # noqa: E402
from sklearn.decomposition import PCA  # noqa: E402
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor  # noqa: E402
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier  # noqa: E402
from sklearn.model_selection import GridSearchCV  # noqa: E402
from sklearn.naive_bayes import GaussianNB  # noqa: E402
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor  # noqa: E402
from sklearn.neural_network import MLPClassifier  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, RobustScaler, StandardScaler  # noqa: E402
from sklearn.svm import SVC, LinearSVC  # noqa: E402

RANDOM = np.random.default_rng(1)
SAMPLES = RANDOM.integers(-100, 100, (60, 5)) * [1, 2, 3, 4, 5]
CLASSES = (SAMPLES[:, 0] > 0).astype(int) + (SAMPLES[:, 1] > 0)
TWO = CLASSES > 0


@pytest.mark.parametrize(
    ("model", "classes", "kind", "sizes"),
    [
        (LogisticRegression(), CLASSES, "linear", {"features": 5, "outputs": 3}),
        (LogisticRegression(), TWO, "linear", {"features": 5, "outputs": 1}),
        (LinearSVC(), CLASSES, "linear", {"features": 5, "outputs": 3}),
        (LinearRegression(), SAMPLES[:, :2], "linear", {"features": 5, "outputs": 2}),
        (LinearRegression(), CLASSES, "linear", {"features": 5, "outputs": 1}),
        (SVC(kernel="linear", max_iter=9), TWO, "linear", {"features": 5, "outputs": 1}),
        (KNeighborsClassifier(1), CLASSES, "nearest", {"features": 5, "prototypes": 60}),
        (KMeans(4), None, "nearest", {"features": 5, "prototypes": 4}),
        (GaussianNB(), CLASSES, "bayes", {"features": 5, "classes": 3}),
        (MLPClassifier((7,), max_iter=1), CLASSES, "mlp", {"features": 5, "hidden": 7, "outputs": 3}),
        (MLPClassifier((7,), max_iter=1), TWO, "mlp", {"features": 5, "hidden": 7, "outputs": 1}),
        (
            MLPClassifier((7, 6), max_iter=1), CLASSES, "network_int8",
            {"layers": 3, "products": 5 * 7 + 7 * 6 + 6 * 3, "inputs": 5},
        ),
        (
            MLPClassifier((128,), max_iter=1), TWO, "network_int8",
            {"layers": 2, "products": 5 * 128 + 128, "inputs": 5},
        ),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore")
def test_a_model_is_the_stage_of_its_sizes(model, classes, kind, sizes):
    (stage,) = estimator_stages(model.fit(SAMPLES, classes), "m")
    assert (stage.kind, stage.sizes) == (kind, sizes)
    (found,) = estimate(model, target="m0", rate=10).stages
    assert found.instructions > 900
    assert found.outside == "" or "were measured" in found.outside


def test_support_vectors_are_what_the_model_kept():
    model = SVC().fit(SAMPLES, TWO)
    (stage,) = estimator_stages(model, "m")
    assert stage.sizes == {"features": 5, "vectors": len(model.support_vectors_)}
    assert stage.data == 4 * (4 + len(model.support_vectors_) * 6)
    assert stage.heap == 16 + -(-stage.data // 16) * 16


def test_a_machine_of_several_classes_decides_between_each_pair():
    model = SVC(decision_function_shape="ovo", C=0.5).fit(SAMPLES, CLASSES)
    (stage,) = estimator_stages(model, "m")
    # What scikit-learn decides, by those vectors of each pair alone that have a weight.
    ends = np.cumsum(model.n_support_)
    parts = [slice(end - number, end) for end, number in zip(ends, model.n_support_, strict=True)]
    kernel = np.exp(-model._gamma * np.square(SAMPLES[:, None] - model.support_vectors_).sum(axis=2))
    used = []
    for number, (i, j) in enumerate(combinations(range(3), 2)):
        weights = np.zeros(len(model.support_vectors_))
        weights[parts[i]] = model.dual_coef_[j - 1, parts[i]]
        weights[parts[j]] = model.dual_coef_[i, parts[j]]
        wanted = model.decision_function(SAMPLES)[:, number]
        assert np.allclose(kernel @ weights + model.intercept_[number], wanted)
        used.append(np.count_nonzero(weights))
    assert len(set(used)) > 1
    assert stage.terms == {"run": 3, "vector": sum(used), "square": 5 * sum(used)}
    assert stage.sizes == {"features": 5, "vectors": max(used)}
    assert stage.data == sum(4 * (4 + each * 6) for each in used)
    assert stage.heap == sum(16 + -(-4 * (4 + each * 6) // 16) * 16 for each in used)
    linear = SVC(kernel="linear", C=0.01).fit(SAMPLES / 100, CLASSES)
    assert estimator_stages(linear, "m")[0].sizes == {"features": 5, "outputs": 3}


@pytest.mark.filterwarnings("ignore")
def test_scalers_are_folded_where_the_arithmetic_lets_them():
    for model in (
        LogisticRegression(),
        GaussianNB(),
        MLPClassifier((4,), max_iter=1),
        MLPClassifier((4, 4), max_iter=1),
    ):
        (stage,) = estimator_stages(make_pipeline(StandardScaler(), model).fit(SAMPLES, CLASSES), "m")
        assert stage.about.partition(";")[2].startswith(" StandardScaler folded into the model")
        assert stage.terms == estimator_stages(model, "m")[0].terms
    for model, kind in ((SVC(), "scale_float32"), (KNeighborsClassifier(1), "scale_int16"), (KMeans(3), "scale_int16")):
        scaler, stage = estimator_stages(make_pipeline(StandardScaler(), model).fit(SAMPLES, TWO), "m")
        assert (scaler.kind, scaler.terms, scaler.text) == (kind, {"run": 1, "feature": 5}, "m: StandardScaler")
        assert "folded" not in stage.about
    alike = make_pipeline(StandardScaler(with_std=False), KNeighborsClassifier(1)).fit(SAMPLES, TWO)
    assert len(estimator_stages(alike, "m")) == 1


def test_trees_behind_scalers_get_thresholds_of_the_features_before_them():
    plain = RandomForestClassifier(5, max_leaf_nodes=12, random_state=1).fit(SAMPLES, CLASSES)
    pipeline = make_pipeline(
        StandardScaler(), MinMaxScaler((-3, 2)), RandomForestClassifier(5, max_leaf_nodes=12, random_state=1)
    ).fit(SAMPLES, CLASSES)
    first, second = (estimate(each, samples=SAMPLES) for each in (plain, pipeline))
    assert first.stages[0].stage.terms == second.stages[0].stage.terms


@pytest.mark.parametrize(
    "scaler", [StandardScaler(), StandardScaler(with_mean=False), MinMaxScaler((1, 4)), RobustScaler()]
)
def test_what_scalers_do_is_known(scaler):
    pipeline = make_pipeline(MinMaxScaler(), scaler, LinearRegression()).fit(SAMPLES, CLASSES)
    scaling, last = unwrapped(pipeline, "m")
    assert last is pipeline[-1]
    assert scaling is not None
    np.testing.assert_allclose((SAMPLES - scaling.offset) / scaling.scale, pipeline[:-1].transform(SAMPLES), atol=1e-9)


def _sparse():
    scipy = pytest.importorskip("scipy.sparse")
    return scipy.csr_matrix(SAMPLES)


REFUSED = [
    (lambda: GridSearchCV(SVC(), {"C": [1, 2]}), "has no best model: call fit\\(\\) first, with refit"),
    (LogisticRegression, "is not fitted: call fit\\(\\) first"),
    (SVC, "is not fitted"),
    (lambda: make_pipeline(StandardScaler(), SVC()), "step 'standardscaler' is not fitted"),
    (lambda: SVC(kernel="poly").fit(SAMPLES, TWO), "kernel 'poly'; native modules have 'rbf' and 'linear'"),
    (lambda: SVC(kernel=lambda a, b: a @ b.T, max_iter=9).fit(SAMPLES, TWO), "the kernel of a function; native"),
    (lambda: LogisticRegression().fit(SAMPLES, TWO).sparsify(), "is sparse, and native modules take dense arrays"),
    (lambda: SVC().fit(_sparse(), TWO), "is sparse"),
    (lambda: KNeighborsClassifier(1).fit(_sparse(), TWO), "is sparse"),
    (lambda: KNeighborsClassifier(weights="distance").fit(SAMPLES, TWO), "has the weights .distance."),
    (lambda: KNeighborsClassifier(1, p=1).fit(SAMPLES, TWO), "measures manhattan distances"),
    (lambda: KNeighborsClassifier(1).fit(SAMPLES, np.c_[TWO, ~TWO]), "has several labels"),
    (lambda: MLPClassifier((4,), max_iter=1).fit(SAMPLES, np.c_[TWO, ~TWO]), "has several labels"),
    (lambda: RidgeClassifier().fit(SAMPLES, np.c_[TWO, ~TWO].astype(int)), "has several labels"),
    (lambda: MLPClassifier((4,), "tanh", max_iter=1).fit(SAMPLES, TWO), "activation 'tanh'; the native module"),
    (lambda: make_pipeline(PCA(2), SVC()).fit(SAMPLES, TWO), "step 'pca' is PCA; before the model there can be Stand"),
    (lambda: make_pipeline(FunctionTransformer(), SVC()).fit(SAMPLES, TWO), "is FunctionTransformer; before"),
    (lambda: make_pipeline(MinMaxScaler(clip=True), SVC()).fit(SAMPLES, TWO), "clips, which cannot be folded"),
    (lambda: make_pipeline(StandardScaler(), MinMaxScaler()).fit(SAMPLES), "ends with MinMaxScaler: the last step has"),
    (lambda: PCA().fit(SAMPLES), "no native module here runs PCA; what can be estimated is DecisionTreeClassifier, "),
    (lambda: KNeighborsRegressor().fit(SAMPLES, SAMPLES[:, 0]), "KNeighborsRegressor has no native-module form"),
    (lambda: make_pipeline(StandardScaler(), RandomForestRegressor(2)).fit(SAMPLES, SAMPLES[:, 0]), "has no native"),
]  # fmt: skip


@pytest.mark.parametrize(("made", "message"), REFUSED)
@pytest.mark.filterwarnings("ignore")
def test_what_no_native_module_runs_is_told_in_a_line(made, message):
    with pytest.raises(ModelInvalid, match=message) as told:
        estimate(made())
    assert "\n" not in str(told.value)


def test_a_search_is_its_best_model():
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    search = GridSearchCV(pipeline, {"logisticregression__C": [0.1, 1]}, cv=2).fit(SAMPLES, TWO)
    assert estimator_stages(search, "found") == estimator_stages(search.best_estimator_, "found")


def test_samples_have_to_have_the_features():
    model = GaussianNB().fit(SAMPLES, TWO)
    assert estimate(model, samples=SAMPLES).heap == estimate(model).heap
    with pytest.raises(ModelInvalid, match=r"samples must have the shape \(n, 5\), .*, not \(60, 4\)"):
        estimate(model, samples=SAMPLES[:, :4])
