"""Models that are one array, for the native modules of ``cases/classifiers``: linear, nearest, Gaussians, SVM, a layer.

``digits_small``, ``svm_rbf`` and ``neighbours`` there describe the arrays. What a run takes follows from their sizes,
but for ``neighbours``; the program holds the model in an array, and one call gives the scores of a sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mpy_harness.costs.stage import Stage, array_bytes
from mpy_harness.errors import ModelInvalid

#: Folder of each native module that the wheel does not carry, in the repository.
FOLDERS = {
    "digits_small": "cases/classifiers/digits_small/natmod",
    "svm_rbf": "cases/classifiers/svm_rbf/natmod",
    "neighbours": "cases/classifiers/neighbours/natmod",
    "melspec": "cases/transforms/melspec/natmod",
    "front_end": "cases/transforms/melspec",
}
MOST_HIDDEN = 127  # neurons of mlp in digits_small.c
_MOST = 32767  # of what is counted in an int16 of the array
_INT16, _FLOAT = 2, 4
_SMALL = "digits_small"


def linear(name: str, features: int, outputs: int, about: str = "") -> Stage:
    """Return what a score for each output takes, sums of int16 products."""
    _check(name, features=features, outputs=outputs)
    terms = {"run": 1, "output": outputs, "product": outputs * features}
    sizes = {"features": features, "outputs": outputs}
    data = _INT16 * (2 + outputs * (features + 1))
    return _stage("linear", _SMALL, data, text=name, terms=terms, sizes=sizes, about=about)


def nearest(name: str, features: int, prototypes: int, about: str = "") -> Stage:
    """Return what finding the nearest of some prototypes takes, in int16."""
    _check(name, features=features, prototypes=prototypes)
    terms = {"run": 1, "prototype": prototypes, "square": prototypes * features}
    sizes = {"features": features, "prototypes": prototypes}
    data = _INT16 * (2 + prototypes * (features + 1))
    return _stage("nearest", _SMALL, data, text=name, terms=terms, sizes=sizes, about=about)


def neighbours(
    name: str, features: int, samples: int, k: int, *, kept: float, moved: float, guessed: str = "", about: str = ""
) -> Stage:
    """Return what counting the classes of the k nearest of some samples takes, in int16.

    ``kept`` samples are sorted in for one classification and ``moved`` neighbours make room; ``guessed`` as in Stage.
    """
    _check(name, features=features, samples=samples)
    terms = {
        "run": 1, "sample": samples, "square": samples * features, "kept": kept, "moved": moved, "pair": k * k,
    }  # fmt: skip
    sizes = {"features": features, "samples": samples, "neighbours": k}
    data = _INT16 * (3 + samples * (features + 1))
    return _stage("neighbours", "neighbours", data, text=name, terms=terms, sizes=sizes, guessed=guessed, about=about)


def gaussians(name: str, features: int, classes: int, about: str = "") -> Stage:
    """Return what the likelihood of each class takes, in float32."""
    terms = {"run": 1, "class": classes, "square": classes * features}
    sizes = {"features": features, "classes": classes}
    data = _FLOAT * (2 + classes * (2 * features + 1))
    return _stage("bayes", _SMALL, data, text=name, terms=terms, sizes=sizes, about=about)


def layers(name: str, features: int, hidden: int, outputs: int, about: str = "") -> Stage:
    """Return what a network with one hidden layer takes, in int16 with weights of 8 bits."""
    _check(name, features=features, outputs=outputs)
    terms = {
        "run": 1, "neuron": hidden, "product": hidden * features, "output": outputs, "inner": outputs * hidden,
    }  # fmt: skip
    sizes = {"features": features, "hidden": hidden, "outputs": outputs}
    data = _INT16 * (4 + hidden * (features + 1) + outputs * (hidden + 1))
    return _stage("mlp", _SMALL, data, text=name, terms=terms, sizes=sizes, about=about)


def support_vectors(name: str, features: int, vectors: Sequence[int], about: str = "") -> Stage:
    """Return what decisions between two classes take, with the kernel exp(-gamma |x - v|²), in float32.

    ``vectors`` are those of each decision: one for two classes, of more classes one for each pair of them.
    """
    total = sum(vectors)
    terms = {"run": len(vectors), "vector": total, "square": total * features}
    sizes = {"features": features, "vectors": max(vectors)}
    arrays = [_FLOAT * (4 + each * (features + 1)) for each in vectors]
    heap = sum(map(array_bytes, arrays))
    return Stage(
        kind="svm_rbf", module="svm_rbf", text=name, terms=terms, sizes=sizes, about=about, heap=heap, data=sum(arrays)
    )


def scaler(name: str, features: int, *, is_float: bool) -> Stage:
    """Return what scaling each feature in its own way takes, of float32 or of int16."""
    kind = "scale_float32" if is_float else "scale_int16"
    terms = {"run": 1, "feature": features}
    return _stage(kind, "scaler", 2 * _FLOAT * features, text=name, terms=terms, sizes={"features": features})


def _stage(kind: str, module: str, data: int, **words: Any) -> Stage:
    return Stage(kind=kind, module=module, heap=array_bytes(data), data=data, **words)


def _check(name: str, **sizes: int) -> None:
    for what, number in sizes.items():
        if number > _MOST:
            raise ModelInvalid(f"{name} has {number:,} {what}; the native module has room for {_MOST:,}.")
