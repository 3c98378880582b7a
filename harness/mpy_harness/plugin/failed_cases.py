"""The arrays of cases that failed, in files: ``.npz``, and a plot of the error where matplotlib is there."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mpy_harness.errors import MachineryError, ToolMissing
from mpy_harness.golden import CaseResult
from mpy_harness.reports.error_plot import plot_error

_NAME = 80
_FILES = pytest.StashKey[list[str]]()


def keep(item: pytest.Item, folder: Callable[[], Path], result: CaseResult, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write the arrays of a failed case below ``folder()``; what cannot be written is told in the test's report."""
    numbers = {name: array for name, array in arrays.items() if array.dtype != object}
    told = item.stash.setdefault(_FILES, [])
    try:
        place = folder()
        place.mkdir(parents=True, exist_ok=True)
        file = place / f"{_name(item.nodeid, result)}.npz"
        np.savez(file, **numbers)  # type: ignore[arg-type]  # a keyword for each array
        told.append(f"{file}  ({', '.join(numbers)})")
        if {"got", "reference"} <= numbers.keys():
            plot_error(result, numbers["got"], numbers["reference"], numbers.get("input"), file.with_suffix(".png"))
            told.append(f"{file.with_suffix('.png')}  (the error)")
    except ToolMissing:
        pass  # the arrays are there
    except (OSError, MachineryError) as error:
        told.append(f"the arrays could not be kept: {error}")


def sections(item: pytest.Item) -> list[tuple[str, str]]:
    """Return the section of the report that names the files, none where no case failed."""
    told = item.stash.get(_FILES, [])
    return [("arrays of the failed case", "\n".join(told))] if told else []


def _name(nodeid: str, result: CaseResult) -> str:
    parts = (result.case, result.form, result.metric, result.target)
    whole = "-".join(filter(None, parts))
    digest = hashlib.sha256(f"{nodeid} {whole}".encode()).hexdigest()[:8]  # no other test's file is overwritten
    return f"{re.sub(r'[^A-Za-z0-9_.+-]+', '_', whole).lstrip('.')[:_NAME]}-{digest}"
