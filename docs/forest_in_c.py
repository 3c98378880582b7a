"""The forest of the comparison that is quoted (docs/workloads/classifiers.md) as emlearn's C, without MicroPython."""

from __future__ import annotations

import tempfile
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from cases.classifiers.digits_forest.workload import DigitsForest
from docs.measure_small_cores import Answers, Model, answers, write
from mpy_harness.counting.count import Count
from mpy_harness.programs.build import build_program
from mpy_harness.programs.program import CProgram
from mpy_harness.targets import Target

#: How emlearn writes trees down: as nodes that a loop walks, which is what natmods/trees does, or as code.
METHODS = ("loadable", "inline")
_LEAF_BITS = 8  # of a class's share, as the native module of the comparison has them
_SECONDS = 60.0


def generator() -> str:
    """Return what writes the C, with its version."""
    return f"emlearn {version('emlearn')}"


def classes() -> tuple[int, ...]:
    """Return the classes of the digits by scikit-learn's forest."""
    return tuple(DigitsForest.vectors("digits")["sklearn"].tolist())


def make(method: str, folder: Path) -> Model:
    """Let emlearn write the forest's C into a folder, with the digits of the comparison."""
    from emlearn.trees import Wrapper

    from cases.classifiers.trees.vectors import CLASSES, CLASSIFY_OFFSET, FEATURES, read_forest

    trees, _ = read_forest()
    grown = [SimpleNamespace(tree_=tree, n_features_in_=FEATURES, n_classes_=CLASSES) for tree in trees]
    converted = Wrapper(SimpleNamespace(estimators_=grown), method=method, leaf_bits=_LEAF_BITS)
    samples = DigitsForest.vectors("digits")["samples"] + CLASSIFY_OFFSET
    return write(method, folder, converted, samples.astype(np.int16), "int16_t")


def run(model: Model, target: Target, folder: Path) -> tuple[CProgram, Answers, Count]:
    """Compile the forest for a target and run it there; the count is that of all predictions, with classes."""
    built = build_program(target, [model.folder / "classify.c"], folder, include=model.include)
    program = CProgram(built, folder / "console.log", "classes", timeout=_SECONDS)
    done = program.run()
    assert done.count is not None
    return program, answers(done.output), done.count["predict"]


def measure(target: Target) -> dict[str, dict[str, Any]]:
    """Return what the forest takes by method: instructions and cycles of so many values, bytes of flash and RAM.

    Raises ValueError where a digit is another one than scikit-learn's.
    """
    found: dict[str, dict[str, Any]] = {}
    wanted = classes()
    # Importing emlearn makes errors of floats exceptions, of which those who come later know nothing.
    with tempfile.TemporaryDirectory() as place, np.errstate():
        for method in METHODS:
            model = make(method, Path(place) / method)
            program, said, count = run(model, target, Path(place) / f"built-{method}")
            if said.classes != wanted:
                raise ValueError(f"emlearn's {method} forest says {said.classes} on {target.name}, not {wanted}")
            found[method] = {
                "generator": generator(),
                "instructions": count.instructions,
                "values": len(wanted),
                **({"cycles": round(count.estimate(target.cycles).cycles)} if target.cycles else {}),
                "flash": program.own["flash"] - model.samples,
                "ram": program.own["ram"],
            }
    return found
