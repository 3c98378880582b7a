"""Golden-vector tests: vectors, metrics and cases."""

from __future__ import annotations

from mpy_harness.golden.cases import CaseResult, Golden
from mpy_harness.golden.metrics import Evaluation, Metric, frequency_response_db, metric
from mpy_harness.golden.store import VectorStore
from mpy_harness.golden.vectors import VectorProvenance, Vectors, digest, package_versions

__all__ = [
    "CaseResult",
    "Evaluation",
    "Golden",
    "Metric",
    "VectorProvenance",
    "VectorStore",
    "Vectors",
    "digest",
    "frequency_response_db",
    "metric",
    "package_versions",
]
