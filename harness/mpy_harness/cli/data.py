"""What commands find, as JSON data (``--json``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from math import isfinite
from typing import Any

from mpy_harness.costs.part_time import PartTime
from mpy_harness.counting.count import Count
from mpy_harness.measurements.comparison import Comparison
from mpy_harness.reports.causes import causes
from mpy_harness.reports.trends import Series
from mpy_harness.reports.verdict import headline
from mpy_harness.targets import Target


def of_count(count: Count, target: Target) -> dict[str, Any]:
    """Return a count with the regions in it; classes and the estimated time where classes were counted."""
    facts: dict[str, Any] = {"name": count.name, "instructions": count.instructions, "exact": count.exact}
    if count.classes:
        facts["classes"] = count.classes
        if target.cycles is not None:
            estimate = count.estimate(target.cycles)
            facts["estimated_seconds"], facts["estimate_error_percent"] = estimate.seconds, estimate.error
    facts["regions"] = [of_count(region, target) for region in count.regions]
    return facts


def of_part(time: PartTime) -> dict[str, Any]:
    """Return the estimated time on a part; ``waits_not_told`` are memories whose waits are not in it."""
    return {
        "part": time.part.name,
        "part_seconds": time.time.seconds,
        "part_error_percent": time.time.error,
        "part_above_percent": time.above,
        "waits_not_told": list(time.untold),
    }


def of_comparison(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison: its outcome, what explains it, and all its rows."""
    rows = [
        {
            "verdict": row.verdict, "target": row.measurement.target, "case": row.measurement.case,
            "metric": row.measurement.metric, "unit": row.measurement.unit, "better": row.measurement.better,
            "base": row.base.value if row.base else None, "head": row.head.value if row.head else None,
            "change": row.delta, "share": row.share if row.share is not None and isfinite(row.share) else None,
            "within": row.within, "parts": [asdict(part) for part in row.parts if part.delta],
        }
        for row in comparison.rows
    ]  # fmt: skip
    return {
        "outcome": comparison.outcome,
        "headline": headline(comparison),
        "causes": [cause.text() for cause in causes(comparison)],
        "alerts": list(comparison.alerts),
        "failed": [failed.model_dump() for failed in comparison.head.failed],
        "different": list(comparison.reasons),
        "rows": rows,
    }


def of_trends(series: Sequence[Series]) -> list[dict[str, Any]]:
    """Return series with their points, the oldest first."""
    return [
        {
            "target": each.measurement.target, "case": each.measurement.case, "metric": each.measurement.metric,
            "unit": each.measurement.unit, "better": each.measurement.better,
            "points": [asdict(point) for point in each.points],
        }
        for each in series
    ]  # fmt: skip
