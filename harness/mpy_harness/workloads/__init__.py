"""Workloads: one algorithm with its cases, in every form that there is of it. See docs/workloads.md."""

from __future__ import annotations

from mpy_harness.workloads.forms import Form
from mpy_harness.workloads.guest import Guest
from mpy_harness.workloads.workload import Case, Check, Workload

__all__ = ["Case", "Check", "Form", "Guest", "Workload"]
