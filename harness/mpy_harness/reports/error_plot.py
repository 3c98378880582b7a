"""A plot of a case that failed: what was got beside its reference, and the error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mpy_harness.golden import CaseResult
from mpy_harness.reports.drawing import drawing
from mpy_harness.reports.names import printable

_ERROR = "size of the error"
_MARKED = 200  # values up to which each is marked


def plot_error(
    result: CaseResult, got: NDArray[Any], reference: NDArray[Any], given: NDArray[Any] | None, file: Path
) -> None:
    """Draw them over their index into a file, a result of another length as far as it goes; complex numbers by size.

    ``given`` is the input, None where it is not known. Raises as ``drawing`` does.
    """
    flat_got, flat_reference = _flat(got), _flat(reference)
    common = min(flat_got.size, flat_reference.size)
    error_of_each = np.abs(np.ravel(got)[:common] - np.ravel(reference)[:common]) if common else np.zeros(0)
    rows = [("reference and got", [("reference", flat_reference), ("got", flat_got)])]
    rows.append((_ERROR, [("error", np.asarray(error_of_each, np.float64))]))
    if given is not None:
        rows.append(("input", [("input", _flat(given))]))
    with drawing(file, 9, 2.6 * len(rows)) as figure:
        figure.suptitle(printable(str(result)), fontsize=9)
        for number, (title, lines) in enumerate(rows):
            axes = figure.add_subplot(len(rows), 1, number + 1)
            for name, values in lines:
                axes.plot(values, label=name, linewidth=1, marker="." if values.size <= _MARKED else "")
            if result.index is not None and number < 2:
                axes.axvline(result.index, linestyle=":", color="gray", label="worst")
            if title == _ERROR:
                axes.update_datalim([(0, 0)])  # without 0, a constant error would look like noise
                axes.autoscale_view()
            axes.set_title(title, fontsize=9)
            axes.legend(loc="upper right", fontsize=8)


def _flat(values: NDArray[Any]) -> NDArray[Any]:
    flat = np.ravel(values)
    return np.abs(flat) if np.iscomplexobj(flat) else flat.astype(np.float64)
