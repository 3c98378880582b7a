"""Compare two runs from wherever they are, and tell the difference."""

from __future__ import annotations

import sys
from enum import Enum
from pathlib import Path

from mpy_harness.errors import HarnessError
from mpy_harness.measurements.compare import compare
from mpy_harness.measurements.comparison import Comparison
from mpy_harness.measurements.configuration import read_configuration
from mpy_harness.measurements.sources import Places, load_run
from mpy_harness.reports.comparison_table import comparison_lines
from mpy_harness.reports.csv import comparison_csv
from mpy_harness.reports.markdown import comparison_markdown

REGRESSION, NOT_COMPARED = 1, 2


class Form(str, Enum):
    """How a comparison is printed."""

    TABLE = "table"
    MARKDOWN = "markdown"
    CSV = "csv"


def compare_sources(
    base: str, head: str, *, path: str | None = None, strict: bool = False, may_disappear: bool = False,
    form: Form = Form.TABLE, detailed: bool = False,
) -> int:  # fmt: skip
    """Print how one run differs from another; return 0 if nothing is worse, 1 if something is, 2 without a comparison.

    ``path`` is where commits have their baselines; without it, where the configuration says.
    """
    try:
        configuration = read_configuration(Path())
        places = Places(configuration.folder, path or configuration.baselines)
        runs = load_run(base, places), load_run(head, places)
        comparison = compare(*runs, configuration.rules(strict=strict, may_disappear=may_disappear))
    except HarnessError as error:
        print(f"mpy-harness: {error}", file=sys.stderr)
        return NOT_COMPARED
    print(_text(comparison, form, detailed=detailed), end="")
    return REGRESSION if comparison.regressed else 0


def _text(comparison: Comparison, form: Form, *, detailed: bool) -> str:
    if form is Form.MARKDOWN:
        return comparison_markdown(comparison)
    if form is Form.CSV:
        return comparison_csv(comparison)
    return "\n".join(comparison_lines(comparison, detailed)) + "\n"
