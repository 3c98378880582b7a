"""Learn what is healthy and write it down: ``python -m cases.pipeline.vibration.train``.

The mean of each feature over windows of a healthy machine, and one over its deviation, with six digits: they are
the same wherever this runs.
"""

from __future__ import annotations

import numpy as np

from cases.pipeline.vibration import machine, reference
from cases.pipeline.vibration.vectors import MODEL

WINDOWS = 400
HEAD = """\
# The features of {windows} windows of a healthy machine, by train.py: means, and factors of distances from them,
# which are one over the deviation.
"""


def main() -> None:
    """Write ``model.txt``."""
    MODEL.write_text(text(), encoding="utf-8")


def text() -> str:
    """Return what ``model.txt`` has to be."""
    features = np.array([reference.analysed(x).features for x in machine.windows("healthy", 1, WINDOWS)])
    lines = (features.mean(axis=0), 1 / features.std(axis=0))
    return HEAD.format(windows=WINDOWS) + "".join(" ".join(f"{v:.6g}" for v in line) + "\n" for line in lines)


if __name__ == "__main__":
    main()
