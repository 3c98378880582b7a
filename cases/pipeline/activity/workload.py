"""From a window of acceleration to an activity: features in Python, then a random forest by natmods/trees.

12 windows of 128 samples of three axes that are made up (``motion.py``); four activities. Features are those
of ``preprocess.py``, one file for the host that trains and the target. They are held against NumPy's, the
forest's class against its votes on the host. Case ``features`` is the first half, ``motion`` is both.

- ``python``: features in bytecode, the forest by the module's twin
- ``native``: features in bytecode, the forest in C
- ``@native``: features decorated, the forest in C: what is left to gain is in front of the classifier
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from cases.signals import Array
from mpy_harness.workloads import Case, Check, Form, Guest, Workload

FUNCTIONS = ("features", "axis_features", "order_features", "root")


class Activity(Workload):
    """The pipeline with its steps in several forms."""

    def forms(self) -> Mapping[str, Form]:
        """Return how features are compiled; the forest's form goes with it."""
        file = self.folder() / "preprocess.py"
        return {
            "python": Form("python", file=file),
            "native": Form("native", file=file),
            "@native": Form("@native", file=file, decorated=FUNCTIONS),
        }

    def cases(self) -> Iterator[Case]:
        """Return the first half, and the whole."""
        yield Case("features", self.preprocessed, forms=["python", "@native"])
        yield Case("motion", self.classified)

    def preprocessed(self, guest: Guest) -> Iterator[Check]:
        """Compute the features of all windows."""
        reference = self.vectors("motion")["features"]
        yield Check(self.features(guest), reference, "exact", 0, per=len(reference))

    def classified(self, guest: Guest) -> Iterator[Check]:
        """Compute the features of all windows and classify them."""
        vectors = self.vectors("motion")
        votes = vectors["votes"]
        n, classes = votes.shape
        trees = guest.natmod("trees", form="python" if guest.form.name == "python" else "native")
        arrays = (vectors[name] for name in ("nodes", "roots", "leaves"))
        features = self.features(guest)
        model = trees.new(*arrays, features.shape[1], classes)
        shares = [guest.guarded.call(model, "predict_proba", x, ..., out=("f", classes)) for x in features]
        yield Check(np.array(shares), votes / 10, "argmax", 0, name="class", per=n)
        # Ten votes are added up and divided once: the nearest float32 of a tenth.
        yield Check(np.array(shares), votes / 10, "probability", 2.0**-24, name="shares", per=n)

    def features(self, guest: Guest) -> Array:
        """Return what the guest computes of all windows, (n, 16)."""
        windows, features = (self.vectors("motion")[name] for name in ("windows", "features"))
        preprocess, out = guest.load(), ("h", features.shape[1])
        return np.array([guest.guarded.call(preprocess, "features", x, ..., out=out) for x in windows])
