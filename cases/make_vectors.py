"""Make the golden vectors of all cases: ``python cases/make_vectors.py [FOLDER]``.

Writes ``<area>/vectors/<module>/<name>.npz`` below FOLDER, by default the folder of this script.
References are computed in float64 or in integers by SciPy, NumPy, scikit-learn and emlearn.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from making import classifiers, conversions, filters, transforms
from making.signals import SEED

from mpy_harness.golden import VectorProvenance, Vectors, package_versions

AREAS = {"filters": filters, "transforms": transforms, "classifiers": classifiers, "conversions": conversions}
PACKAGES = ("numpy", "scipy", "scikit-learn", "emlearn")


def make(area: str) -> dict[str, Vectors]:
    """Return the vectors of one area by name."""
    versions = package_versions(*PACKAGES)
    with np.errstate(all="ignore"):  # emlearn makes NumPy raise; the signals underflow on purpose
        made = AREAS[area].make()
    return {
        name: Vectors(arrays, VectorProvenance(f"cases/make_vectors.py ({area})", SEED, versions, notes))
        for name, (arrays, notes) in made.items()
    }


def main() -> None:
    """Write the vectors of every area."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    for area in AREAS:
        for name, vectors in make(area).items():
            path = folder / area / "vectors" / f"{name}.npz"
            vectors.save(path)
            print(f"{path.stat().st_size:8} {path}")


if __name__ == "__main__":
    main()
