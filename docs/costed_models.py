"""The models whose costs are measured: ensembles of trees on data that scikit-learn carries, filters, transforms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mpy_harness.costs.dsp import dsp_stage
from mpy_harness.costs.stage import Stage
from mpy_harness.costs.tree_stage import tree_stage
from mpy_harness.costs.trees import Ensemble, LeafBits, ensemble

RUNS = 16  # samples to classify, or blocks to process, of which the mean is taken
SEED = 20261128

# Data that scikit-learn carries. Leaves: the most of each tree, 0 for as many as it takes.
TREES = (
    ("DecisionTree", "iris", 1, 4), ("DecisionTree", "breast_cancer", 1, 8), ("DecisionTree", "wine", 1, 0),
    ("DecisionTree", "digits", 1, 20), ("DecisionTree", "digits", 1, 60), ("DecisionTree", "digits", 1, 0),
    ("RandomForest", "iris", 3, 5), ("RandomForest", "wine", 5, 0), ("RandomForest", "breast_cancer", 10, 20),
    ("RandomForest", "breast_cancer", 30, 15), ("RandomForest", "digits", 5, 30), ("RandomForest", "digits", 10, 100),
    ("RandomForest", "digits", 20, 50), ("RandomForest", "digits", 40, 40), ("RandomForest", "digits", 100, 20),
    ("ExtraTrees", "iris", 5, 0), ("ExtraTrees", "wine", 10, 0), ("ExtraTrees", "breast_cancer", 20, 0),
    ("ExtraTrees", "digits", 3, 0), ("ExtraTrees", "digits", 10, 60), ("ExtraTrees", "digits", 20, 150),
    ("ExtraTrees", "digits", 50, 30), ("DecisionTree", "iris", 1, 0), ("DecisionTree", "digits", 1, 120),
    ("RandomForest", "iris", 8, 4), ("RandomForest", "wine", 15, 6), ("RandomForest", "wine", 50, 0),
    ("RandomForest", "breast_cancer", 3, 0), ("RandomForest", "digits", 3, 0), ("RandomForest", "digits", 16, 25),
    ("ExtraTrees", "iris", 20, 6), ("ExtraTrees", "wine", 4, 8), ("ExtraTrees", "breast_cancer", 7, 30),
    ("ExtraTrees", "digits", 5, 40), ("ExtraTrees", "digits", 30, 60), ("ExtraTrees", "digits", 70, 15),
)  # fmt: skip
FIR = tuple(f"taps={t},block={b}" for t, b in (
    (4, 64), (8, 32), (8, 256), (16, 128), (24, 64), (31, 256), (32, 16), (48, 512), (64, 64), (64, 256), (101, 128),
    (128, 256), (200, 64), (255, 128),
))  # fmt: skip
IIR = tuple(f"sections={s},block={b}" for s, b in (
    (1, 16), (1, 64), (1, 256), (2, 64), (3, 256), (3, 32), (4, 128), (5, 64), (6, 256), (8, 32), (10, 128), (12, 64),
))  # fmt: skip
POINTS = (8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
DSP = (
    *(f"fir:{each}" for each in FIR), *(f"fir_q15:{each}" for each in FIR), *(f"iir:{each}" for each in IIR),
    *(f"fft:n={n}" for n in (4, *POINTS)), *(f"rfft:n={n}" for n in POINTS),
    *(f"int16_to_float:n={n}" for n in (16, 24, 64, 100, 256, 333, 512, 1024, 2000, 4096)),
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A stage and how it runs on a board.

    ``new`` are the arguments of ``create`` that make its object, None where there is none. ``inputs`` are what it
    gets one after the other, as the arguments of its ``function``: a method of the object, or, where ``model`` is the
    object itself, a function of the module, which takes it too. ``file`` is the text of a module with its model,
    ``setup`` a program that runs before. ``enough`` instructions (and words) are measured at least, so that what a
    request takes besides does not matter; 0: only the first runs on a collected heap, of what allocates.
    """

    name: str
    held_out: bool
    stage: Stage
    function: str
    new: tuple[Any, ...] | None
    inputs: list[NDArray[Any]]
    out: NDArray[Any] | None = None
    guessed: Stage | None = None
    file: bytes = b""
    model: NDArray[Any] | None = None
    create: str = ""
    setup: str = ""
    enough: int = 2_000_000


def array_case(
    name: str,
    held_out: bool,
    stage: Stage,
    function: str,
    model: NDArray[Any],
    samples: NDArray[Any],
    out: NDArray[Any],
) -> Case:
    """Return a case whose model is an array that a function of the module takes."""
    assert model.nbytes == stage.data
    return Case(
        name, held_out, stage, function, (model.dtype.char.lower(), model.tobytes()), list(samples), out,
        file=f"model = {model.tobytes()!r}\n".encode(), model=model, create="__import__('array').array",
    )  # fmt: skip


def is_held_out(number: int) -> bool:
    """Tell whether nothing is fitted to a kind's model of this number: of each four, to the two in the middle."""
    return number % 4 in {1, 2}


def tree_cases(names: Container[str] | None = None) -> Iterator[Case]:
    """Return the ensembles of these names, or all, each voting and averaging."""
    for number, (kind, data, trees, leaves) in enumerate(TREES):
        name = f"{kind} {data}, {trees} × {leaves or 'all'} leaves"
        if names is not None and name not in names:
            continue
        estimator, samples = grown(kind, data, trees, leaves)
        picked = samples[np.random.default_rng(SEED + number).permutation(len(samples))[:RUNS]]
        bits: LeafBits
        for bits in (0, 8):
            model = ensemble(estimator, bits)
            yield Case(
                name, is_held_out(number), tree_stage(model, picked),
                "predict", _new_of(model), list(picked), guessed=tree_stage(model), file=_file_of(model),
            )  # fmt: skip


def grown(kind: str, data: str, trees: int, leaves: int) -> tuple[Any, NDArray[np.int16]]:
    """Return a model trained on 70 % of a data set, and the rest of the samples."""
    import sklearn.datasets as sets
    from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
    from sklearn.model_selection import train_test_split
    from sklearn.tree import DecisionTreeClassifier

    values, classes = getattr(sets, f"load_{data}")(return_X_y=True)
    span = values.max(axis=0) - values.min(axis=0)
    scaled = np.rint((values - values.min(axis=0)) / np.where(span, span, 1) * 1000).astype(np.int16)
    train, rest, train_class, _ = train_test_split(scaled, classes, test_size=0.3, random_state=1, stratify=classes)
    options: dict[str, Any] = {"max_leaf_nodes": leaves or None, "random_state": 1}
    if kind == "DecisionTree":
        estimator = DecisionTreeClassifier(**options)
    else:
        many = {"RandomForest": RandomForestClassifier, "ExtraTrees": ExtraTreesClassifier}[kind]
        estimator = many(n_estimators=trees, **options)
    return estimator.fit(train, train_class), rest


def _new_of(model: Ensemble) -> tuple[Any, ...]:
    arrays = (model.nodes.reshape(-1), model.roots, model.leaves.reshape(-1))
    return (*arrays, model.features, model.classes, model.leaf_bits)


def _file_of(model: Ensemble) -> bytes:
    # How a program may carry a model: a module of three constants, compiled.
    arrays: dict[str, NDArray[Any]] = {"nodes": model.nodes, "roots": model.roots, "leaves": model.leaves}
    return "".join(f"{name} = {array.tobytes()!r}\n" for name, array in arrays.items()).encode()


def dsp_cases() -> Iterator[Case]:
    """Return the stages of signal processing."""
    numbers: Counter[str] = Counter()
    for seed, text in enumerate(DSP, SEED):
        stage = dsp_stage(text)
        new, inputs, out, function = _DSP[stage.kind](stage, np.random.default_rng(seed))
        yield Case(text, is_held_out(numbers[stage.kind]), stage, function, new, inputs, out)
        numbers[stage.kind] += 1


#: What ``new`` gets, inputs, where the output goes, and the function.
Plan = tuple[tuple[Any, ...] | None, list[NDArray[Any]], NDArray[Any], str]


def _signal(random: np.random.Generator, length: int) -> NDArray[np.float64]:
    # A tone and noise at some level below full scale.
    level = 10 ** random.uniform(-1.5, -0.1)
    noise = random.standard_normal(length) * 0.2
    return np.clip(level * (np.sin(np.arange(length) * random.uniform(0.05, 0.5)) + noise), -1, 1)


def _fir(stage: Stage, random: np.random.Generator) -> Plan:
    is_q15 = stage.kind == "fir_q15"
    taps, block = stage.sizes["taps"], stage.sizes["block"]
    at = np.arange(taps) - (taps - 1) / 2
    lowpass = np.sinc(at * 0.3) * np.hamming(taps) * 0.3
    scale, dtype = (32767, np.int16) if is_q15 else (1, np.float32)
    signal = (_signal(random, block * RUNS) * scale).astype(dtype)
    return ((lowpass * scale).astype(dtype),), np.split(signal, RUNS), np.zeros(block, dtype), "run"


def _iir(stage: Stage, random: np.random.Generator) -> Plan:
    sections, block = stage.sizes["sections"], stage.sizes["block"]
    radius, angle = random.uniform(0.5, 0.9, sections), random.uniform(0.2, 2.5, sections)
    ones = np.ones(sections)
    a1, a2 = -2 * radius * np.cos(angle), radius**2
    gain = (1 + a1 + a2) / 4
    sos = np.column_stack([gain, 2 * gain, gain, ones, a1, a2]).astype(np.float32).reshape(-1)
    signal = _signal(random, block * RUNS).astype(np.float32)
    return (sos,), np.split(signal, RUNS), np.zeros(block, np.float32), "run"


def _transform(stage: Stage, random: np.random.Generator) -> Plan:
    n = stage.sizes["n"]
    length, out = (2 * n, 2 * n) if stage.kind == "fft" else (n, n + 2)
    runs = max(1, min(RUNS, 8192 // n))
    blocks = [_signal(random, length).astype(np.float32) for _ in range(runs)]
    return (n,), blocks, np.zeros(out, np.float32), stage.kind


def _converted(stage: Stage, random: np.random.Generator) -> Plan:
    n = stage.sizes["n"]
    blocks = np.split((_signal(random, n * RUNS) * 32767).astype(np.int16), RUNS)
    return None, blocks, np.zeros(n, np.float32), stage.kind


_DSP: dict[str, Callable[[Stage, np.random.Generator], Plan]] = {
    "fir": _fir, "fir_q15": _fir, "iir": _iir, "fft": _transform, "rfft": _transform, "int16_to_float": _converted,
}  # fmt: skip
